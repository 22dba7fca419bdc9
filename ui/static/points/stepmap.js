// @ts-check
// The neurons' places through training: each step's map begins where the one before ended, so that
// points move from one to the next, on this side alone.

import { faint, fill, h, message } from "../page/dom.js";
import { integer } from "../page/format.js";
import { go } from "../page/navigate.js";
import { ask } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { layerColours } from "./colours.js";
import { MapHands } from "./hands.js";
import { MapPlane } from "./plane.js";
import { plainFinder } from "./points.js";
import { decodePlaces, eased, moveBetween } from "./step_places.js";

/** @typedef {import("./step_places.js").Places} Places */
/** @typedef {import("./points.js").Placed & Pick<Places, "nLayers" | "nNeurons">} Shown */

const MOVE_MS = 450;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class StepMap {
  /** @type {import("../page/types.d.ts").Step[]} */
  #steps = [];
  /** @type {(Promise<Places> | null)[]} by step */
  #maps = [];
  /** @type {Shown | null} on the plane, at the places drawn now */
  #points = null;
  #at = -1; // the step on screen,
  #asked = -1; // the one last asked for,
  #wanted = -1; // and the one that is shown or on its way
  #fetching = false; // the other steps
  #frame = 0; // that was asked for
  #hovered = -1;
  #count = h("span", { class: "kn-count" });
  #legend = h("div", { class: "kn-legend" });
  #stage = h("div", { class: "kn-stage kn-step-stage" });
  #trouble = h("div", {});
  #said = h("p", { class: "kn-said", role: "status" });

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    const query = () =>
      `FROM neuron_points_at_step(${modelLiteral()}, ${this.#steps[Math.max(0, this.#at)]?.step ?? 0})`;
    const title = h("h2", {}, "Neurons on the map");
    const head = h("div", { class: "kn-head" }, title, this.#count, sqlButton(query));
    pane.append(head, this.#legend, this.#trouble, this.#stage, this.#said);
    this.plane = new MapPlane(this.#stage, markers => this.#mark(markers), { size: 3 });
    this.hands = new MapHands(this.#stage, this.plane, {
      hover: i => {
        this.#hovered = i;
        this.plane.paintMarks();
      },
      choose: i => this.#choose(i),
      say: i => this.#say(i),
      chosen: () => this.#chosen(),
      words: i => this.#words(i),
    });
    this.hands.name("Map of neurons through training");
    on("neuron-asked", () => this.plane.paintMarks());
    // what was asked for while the tab was hidden
    new ResizeObserver(() => this.show(this.#asked)).observe(this.#stage);
  }

  /**
   * Take the steps of a model, or say why there is no map of them.
   *
   * @param {import("../page/types.d.ts").Step[]} steps
   * @param {string | undefined} missing
   */
  load(steps, missing) {
    cancelAnimationFrame(this.#frame);
    this.#steps = steps;
    this.#maps = [];
    this.#points = null;
    this.plane.show(null);
    this.hands.forget();
    this.#at = this.#asked = this.#wanted = this.#hovered = -1;
    this.#stage.hidden = this.#legend.hidden = this.#said.hidden = Boolean(missing);
    this.#count.textContent = "";
    fill(this.#trouble, missing && message(missing));
  }

  /** @param {number} i a step, -1 for none */
  async show(i) {
    this.#asked = i;
    if (i < 0 || i === this.#wanted || this.#stage.hidden || !this.pane.clientWidth) return;
    this.#wanted = i;
    const maps = this.#maps;
    try {
      const map = await this.#fetched(i, maps);
      if (this.#wanted !== i || this.#maps !== maps) return;
      fill(this.#trouble);
      this.#points ??= this.#begin(map);
      this.#move(this.#points, map, i);
      this.#fetchOthers(i);
    } catch (error) {
      if (this.#maps !== maps) return;
      this.#wanted = -1;
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  // -- data -----------------------------------------------------------------------------------

  /**
   * @param {number} i
   * @param {(Promise<Places> | null)[]} maps
   */
  #fetched(i, maps) {
    const fetch = async () => {
      try {
        return decodePlaces(await ask("training_places", this.#steps[i]));
      } catch (error) {
        maps[i] = null;
        throw error;
      }
    };
    return (maps[i] ??= fetch());
  }

  /**
   * The other steps come one after the other, the nearest first, so that the slider finds them.
   *
   * @param {number} from
   */
  async #fetchOthers(from) {
    if (this.#fetching) return;
    this.#fetching = true;
    const maps = this.#maps;
    const away = (/** @type {number} */ i) => Math.abs(i - from);
    const nearest = [...this.#steps.keys()].sort((a, b) => away(a) - away(b));
    try {
      for (const i of nearest) if (this.#maps === maps) await this.#fetched(i, maps);
    } catch {
      // said when that step is shown
    }
    this.#fetching = false;
    document.documentElement.dataset.knStepMaps = String(this.#maps.filter(Boolean).length);
  }

  /**
   * @param {Places} map
   * @returns {Shown}
   */
  #begin(map) {
    const [x, y] = [map.x.slice(), map.y.slice()];
    const points = { ...map, x, y, find: plainFinder(x, y) };
    const layer = (/** @type {number} */ i) => Math.floor(i / map.nNeurons);
    const { colors, legend } = layerColours(map.n, layer, map.nLayers - 1);
    const note = "· each step's t-SNE starts from the one before";
    fill(this.#legend, ...legend, faint(note));
    this.plane.show(points);
    this.plane.colour(colors);
    return points;
  }

  // -- points ---------------------------------------------------------------------------------

  #chosen() {
    const { layer, neuron } = store.state;
    const points = this.#points;
    if (!points || layer === null || neuron === null) return -1;
    const isThere = layer < points.nLayers && neuron < points.nNeurons;
    return isThere ? layer * points.nNeurons + neuron : -1;
  }

  /** @param {number} i */
  #idOf(i) {
    const n = this.#points?.nNeurons ?? 1;
    return { layer: Math.floor(i / n), neuron: i % n };
  }

  /** @param {number} i */
  #words(i) {
    const { layer, neuron } = this.#idOf(i);
    return `layer ${layer} · neuron ${neuron}`;
  }

  /** @param {number} i */
  #say(i) {
    this.#said.textContent = this.#words(i);
  }

  /** @param {number} i */
  #choose(i) {
    if (i < 0) return;
    this.#hovered = i;
    go(this.#idOf(i));
    this.#say(i);
  }

  /** @param {import("./markers.js").Markers} markers */
  #mark(markers) {
    const chosen = this.#chosen();
    markers.ring(chosen, 9, 2.5);
    markers.ring(this.#hovered, 6, 1.5);
    if (chosen >= 0) markers.label(chosen, this.#words(chosen));
  }

  // -- moving ---------------------------------------------------------------------------------

  /**
   * @param {Shown} points
   * @param {Places} map
   * @param {number} i
   */
  #move(points, map, i) {
    cancelAnimationFrame(this.#frame);
    this.#at = i;
    const { step } = this.#steps[i];
    this.#count.textContent = stepWords(map);
    this.hands.name(`Map of ${integer(map.n)} neurons at step ${integer(step)}`);
    const from = { x: points.x.slice(), y: points.y.slice() };
    const started = performance.now();
    /** @param {number} time */
    const frame = time => {
      const share = still.matches ? 1 : Math.min(1, (time - started) / MOVE_MS);
      moveBetween(from.x, map.x, eased(share), points.x);
      moveBetween(from.y, map.y, eased(share), points.y);
      this.plane.moved();
      if (share < 1) this.#frame = requestAnimationFrame(frame);
      else document.documentElement.dataset.knStepMap = String(step);
    };
    this.#frame = requestAnimationFrame(frame);
  }
}

/** @param {Places} map how much of it is drawn */
const stepWords = ({ n, silent }) =>
  silent
    ? `${integer(n - silent)} of ${integer(n)} neurons drawn; ${integer(silent)} don't fire at this step`
    : `${integer(n)} neurons`;
