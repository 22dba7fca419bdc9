// @ts-check
// The map as it is drawn: its points in colours, what is chosen lit, labels, and where one is.

import { h } from "../page/dom.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { chosenColours, colourings } from "../points/colours.js";
import { inView } from "../points/in_view.js";
import { Labels, sharesOf } from "../points/labels.js";
import { MapPlane } from "../points/plane.js";
import { placeSilent } from "../points/silent.js";
import { choiceOf, isAny, litBy, membersOf, queryOf, shownBy } from "./choice.js";
import { askChoice, picked } from "./hits.js";
import { Members } from "./members.js";
import { lostWords, whereWords } from "./words.js";

/** @typedef {import("../points/points.js").Points} Points */
/** @typedef {import("../points/view.js").Place} Place */

const FEW = 3000; // points
const [SMALL, LARGE] = [2.6, 5]; // CSS pixels of a dot where many points are seen, and few

export class MapDrawing {
  /** @type {Points | null} */
  #points = null;
  #turns = new Turns();
  #hovered = -1;
  /** @type {Place[] | null} corners of what is being drawn */
  #outline = null;
  #withLabels = true;
  #nShown = 0;
  /** @type {Uint32Array} colours by point, whatever is chosen */
  #colors = new Uint32Array();
  /** Whether neurons that never fired are drawn. */
  withSilent = false;
  labels = new Labels();
  #where = h("p", { class: "kn-where" });

  /**
   * @param {HTMLElement} stage
   * @param {{ onmove: (view: import("../points/view.js").View | null) => void,
   *   choose: (i: number) => void, chosen: () => number }} acts
   */
  constructor(stage, { onmove, choose, chosen }) {
    this.stage = stage;
    this.chosen = chosen;
    this.plane = new MapPlane(stage, markers => this.#mark(markers), { onmove });
    this.members = new Members(choose);
    stage.append(this.#where);
  }

  /** @param {Points | null} points */
  show(points) {
    this.#points = points;
    this.#hovered = -1;
    this.withSilent = false;
    this.#nShown = points?.nDrawn ?? 0;
    this.plane.dot = (points?.n ?? 0) < FEW ? LARGE : SMALL;
    this.plane.show(points);
    if (!points) this.members.clear();
  }

  /** @param {number} i */
  hover(i) {
    this.#hovered = i;
    this.mark();
  }

  /** @param {Place[] | null} outline */
  outline(outline) {
    this.#outline = outline;
    this.mark();
  }

  /** @param {boolean} isShown */
  showLabels(isShown) {
    this.#withLabels = isShown;
    this.mark();
  }

  mark() {
    if (this.#points) this.plane.paintMarks();
  }

  /** @param {number} cluster */
  clusterWords(cluster) {
    const label = this.#points?.labels.get(cluster);
    if (!label || !this.#points) return `cluster ${cluster}`;
    const shares = sharesOf(label, this.#points.kind);
    return `cluster ${cluster}: ${label.label}${shares && `; ${shares}`}. Click to list it.`;
  }

  // -- what is chosen -------------------------------------------------------------------------

  /**
   * Draw what the address says.
   *
   * @param {Points} points
   * @returns the colours' legend, and how many points are past the bounds
   */
  follow(points) {
    const { state } = store;
    const choice = choiceOf(state, points.kind);
    const withSilent = state.silent === "1" && points.n > points.nDrawn;
    if (withSilent !== this.withSilent) {
      this.withSilent = withSilent;
      placeSilent(points, withSilent);
      const view = this.plane.seen();
      this.plane.show(points);
      if (state.place) this.plane.see(view);
    }
    const shown = shownBy(points, choice);
    this.#nShown = membersOf(points, [shown]).length;
    this.plane.shown = shown;
    const list = colourings(points);
    const [, , how] = list.find(([name]) => name === state.colour) ?? list[0];
    const { colors, legend } = how(points, choice.cluster);
    this.#colors = colors;
    this.#light(litBy(points, choice.cluster, []));
    this.#choose(points, choice);
    return { legend, shown: this.#nShown };
  }

  /** @param {Uint8Array | null} lit */
  #light(lit) {
    if (!this.#points) return;
    const { shown } = this.plane;
    this.plane.colour(chosenColours(this.#points, this.#colors, shown, lit), lit);
  }

  /**
   * Light what is chosen, and list it.
   *
   * @param {Points} points
   * @param {import("./choice.js").Choice} choice
   */
  async #choose(points, choice) {
    const isLast = this.#turns.begin();
    const { kind } = points;
    if (!isAny(choice)) {
      this.members.clear();
      return;
    }
    this.members.wait();
    try {
      const { found, within } = await askChoice(store.state.model, kind, choice);
      if (!isLast()) return;
      const picks = [found, within].flatMap(part => (part ? [picked(points, part.hits)] : []));
      const sets = picks.map(({ set }) => set);
      const lit = litBy(points, choice.cluster, sets);
      this.#light(lit);
      const isOnly = !choice.words && !choice.layers && !choice.rate;
      this.members.show({
        points,
        choice,
        members: membersOf(points, [this.plane.shown, lit]),
        silent: found && choice.cluster === null && !within ? picks[0].silent : 0,
        ways: found && isAny({ ...choice, words: "" }) === false ? found.ways : {},
        ...commonOf(points, choice, isOnly ? within : null, isOnly),
        query: queryOf(kind, store.state.model, choice, within?.condition ?? ""),
      });
    } catch (error) {
      if (isLast()) this.members.fail(/** @type {Error} */ (error).message);
    }
  }

  // -- over the points ------------------------------------------------------------------------

  /** @param {import("../points/markers.js").Markers} markers */
  #mark(markers) {
    const points = this.#points;
    if (!points) return;
    const [width, height] = [this.stage.clientWidth, this.stage.clientHeight];
    const ends = [this.plane.fromScreen([0, 0]), this.plane.fromScreen([width, height])];
    const seen = inView(points, ends[0], ends[1], this.plane.shown);
    const chosen = this.chosen();
    const told = [whereWords(points, seen, this.#nShown), lostWords(points, chosen)];
    this.#where.textContent = told.filter(Boolean).join(" · ");
    const { cluster, region } = choiceOf(store.state, points.kind);
    if (this.#withLabels) this.labels.draw(markers, points.labels, seen, cluster);
    else this.labels.clear();
    markers.ring(chosen, 9, 2.5);
    markers.ring(this.#hovered, 6, 1.5);
    if (chosen >= 0 && points.kind === "neurons") {
      markers.label(chosen, `layer ${points.layer?.[chosen]} · neuron ${points.neuron?.[chosen]}`);
    }
    const outline = this.#outline ?? region?.map(corner => points.toMap(...corner));
    if (outline) markers.outline(outline);
  }
}

/**
 * What the chosen points have in common, where the tables say it of just these.
 *
 * @param {Points} points
 * @param {import("./choice.js").Choice} choice
 * @param {any} within the answer of the question `selection`, where nothing else is chosen
 * @param {boolean} isOnly whether no words and no bounds are chosen besides
 * @returns {Pick<import("./members.js").Told, "countries" | "words">}
 */
const commonOf = (points, choice, within, isOnly) => {
  const label = choice.cluster === null ? null : points.labels.get(choice.cluster);
  if (isOnly && label && !choice.region) {
    const [lifts, vocabulary] = [label.country_lifts ?? [], label.vocabulary ?? []];
    return {
      countries: (label.countries ?? []).map((name, k) => ({ name, lift: lifts[k] })),
      words: points.kind === "neurons" ? vocabulary.map(name => ({ name })) : [],
    };
  }
  if (!within || choice.cluster !== null) return { countries: [], words: [] };
  return {
    countries: within.countries.map((/** @type {any} */ row) => ({ ...row, name: row.country })),
    words: within.words.map((/** @type {any} */ row) => ({ name: row.token, n: row.n })),
  };
};
