// @ts-check
// The labels of a map's clusters at their places: as many as fit, large ones first. Where a cluster's
// middle is out of view, its label is at the middle of its points in view.

import { h } from "../page/dom.js";
import { shown } from "../page/format.js";

/** @typedef {import("./points.js").Points} Points */
/** @typedef {import("./points.js").Label} Label */
/** @typedef {import("./in_view.js").Part} Part */
/** @typedef {{ words: string, left: number, top: number, wide: number }} Laid in CSS pixels */

const SIZE = 12; // CSS pixels
const LONGEST = 34; // characters
const LEAST = 0.04; // of the points in view, for a label of a cluster whose middle is elsewhere
const [APART, BELOW] = [16, 14]; // CSS pixels between labels, so that points show through

/**
 * A button that is pressed while labels are on the map.
 *
 * @param {(on: boolean) => void} onchange
 */
export const labelsButton = onchange => {
  let on = true;
  const button = h(
    "button",
    {
      type: "button",
      "aria-pressed": "true",
      title: "Cluster labels: zoom in for more, click one to list its cluster",
      onclick: () => {
        on = !on;
        button.setAttribute("aria-pressed", String(on));
        onchange(on);
      },
    },
    "labels",
  );
  return h("div", { class: "kn-toggle" }, button);
};

const NO_THEME = "no common theme"; // as kn_assets/maps/labels/wording.py has it

/** @param {Pick<Label, "label">} label whether it says what its points have in common */
export const isThemed = ({ label }) => !label.startsWith(NO_THEME);

/** @type {Record<string, (term: string, kind: Points["kind"]) => string>} what each kind of term says */
const MEANS = {
  phrase: term =>
    term === "#" ? "fire on or just after numbers" : `fire on or just after “${shown(term)}”`,
  name: () => "fire on the name of the prompt's city",
  country: (term, kind) =>
    `${kind === "neurons" ? "fire most on prompts of" : "are in"} ${shown(term)}`,
  promotes: term => `promote “${shown(term)}”`,
  text: term => `have “${shown(term)}”`,
  pattern: term => `fire on or just after “${shown(term)}”, a pattern of the corpus`,
  "text pattern": term => `have “${shown(term)}”, a pattern of the corpus`,
  sign: term => `fire ${term === "+" ? "positively" : "negatively"}`,
  layers: term => (term.includes("–") ? `in layers ${term}` : `in layer ${term}`),
};

/**
 * The share of a cluster with each term, and that of the others.
 *
 * @param {Label} label
 * @param {Points["kind"]} kind
 */
export const sharesOf = ({ term_kinds, terms, term_shares, term_shares_elsewhere }, kind) => {
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  return (term_kinds ?? [])
    .map((is, t) => {
      const words = (MEANS[is] ?? shown)(terms[t], kind);
      return `${percent(term_shares[t])} ${words} (others ${percent(term_shares_elsewhere[t])})`;
    })
    .join(", ");
};

/**
 * The cluster of a point in words, with a mark before them; "" where it is in none.
 *
 * @param {Points} points
 * @param {number} i
 */
export const clusterWords = (points, i) => {
  const cluster = points.cluster?.[i] ?? -1;
  if (cluster < 0) return "";
  const label = points.labels.get(cluster);
  if (!label) return ` · cluster ${cluster}`;
  const shares = sharesOf(label, points.kind);
  return ` · cluster ${cluster}: ${label.label}${shares && `; ${shares}`}`;
};

/**
 * A label that fits: its first part alone where it is long, cut before its share.
 *
 * @param {string} words
 */
const short = words => {
  if (words.length <= LONGEST) return words;
  const [first] = words.split(" · ");
  if (first.length <= LONGEST) return first;
  const [share] = / \(\d+ %\)$/.exec(first) ?? [""];
  const kept = first.slice(0, LONGEST - 1 - share.length).replace(/[\s,·]+$/, "");
  return `${kept}…${share}`;
};

/**
 * The labels that fit, none over another.
 *
 * @template {Pick<Label, "label" | "x" | "y">} Of
 * @param {Iterable<Of>} labels those that come first have first choice
 * @param {(words: string) => number} width of words
 * @param {(x: number, y: number) => number[]} toScreen
 * @param {[number, number]} size of the screen
 */
export const layOut = (labels, width, toScreen, [right, bottom]) => {
  /** @type {(Laid & { of: Of })[]} */
  const laid = [];
  for (const label of labels) {
    const words = short(shown(label.label));
    const wide = width(words);
    const [x, y] = toScreen(label.x, label.y);
    const [left, top] = [x - wide / 2, y - SIZE / 2];
    if (left < 0 || top < 0 || left + wide > right || top + SIZE > bottom) continue;
    const isFree = laid.every(
      other =>
        left > other.left + other.wide + APART ||
        other.left > left + wide + APART ||
        top > other.top + SIZE + BELOW ||
        other.top > top + SIZE + BELOW,
    );
    if (isFree) laid.push({ of: label, words, left, top, wide });
  }
  return laid;
};

/**
 * The labels to lay out: the cluster with most points in view first, at the middle of the whole
 * cluster or of what is seen of it.
 *
 * @param {Map<number, Label>} labels
 * @param {{ n: number, parts: Part[] }} seen
 * @param {(label: Label) => boolean} isInView
 */
export const placedLabels = (labels, { n, parts }, isInView) =>
  parts.flatMap(part => {
    const known = labels.get(part.cluster);
    if (!known) return [];
    const label = isThemed(known) ? known : { ...known, label: `cluster ${known.cluster}` };
    if (isInView(label)) return [label];
    return part.n >= Math.max(2, LEAST * n) ? [{ ...label, x: part.x, y: part.y }] : [];
  });

/** The labels on a map, and which is at a place. */
export class Labels {
  /** @type {(Laid & { of: Label })[]} */
  #laid = [];
  /** @type {Map<string, number>} of words in the labels' font */
  #widths = new Map();

  /**
   * @param {import("./markers.js").Markers} markers
   * @param {Map<number, Label>} labels
   * @param {{ n: number, parts: Part[] }} seen
   * @param {number | null} chosen cluster, whose label comes first
   */
  draw({ context, stage, ink, ground, toScreen }, labels, seen, chosen) {
    const [right, bottom] = [stage.clientWidth, stage.clientHeight];
    context.font = `600 ${SIZE}px system-ui, sans-serif`;
    context.textBaseline = "top";
    context.lineJoin = "round";
    const width = (/** @type {string} */ words) => {
      const known = this.#widths.get(words) ?? context.measureText(words).width;
      this.#widths.set(words, known);
      return known;
    };
    const isInView = (/** @type {Label} */ { x, y }) => {
      const [px, py] = toScreen([x, y]);
      return px >= 0 && py >= 0 && px <= right && py <= bottom;
    };
    const placed = placedLabels(labels, seen, isInView);
    const rank = (/** @type {Label} */ { cluster }) =>
      cluster === chosen ? 0 : isThemed(labels.get(cluster) ?? { label: "" }) ? 1 : 2;
    placed.sort((a, b) => rank(a) - rank(b));
    this.#laid = layOut(placed, width, (x, y) => toScreen([x, y]), [right, bottom]);
    for (const { of, words, left, top, wide } of this.#laid) {
      context.lineWidth = 4;
      context.strokeStyle = ground;
      context.strokeText(words, left, top);
      context.fillStyle = ink;
      context.fillText(words, left, top);
      if (of.cluster === chosen) context.fillRect(left, top + SIZE + 2, wide, 2);
    }
    context.textBaseline = "alphabetic";
    const { dataset } = context.canvas;
    dataset.labels = JSON.stringify(this.#laid.map(({ words }) => words));
    dataset.places = JSON.stringify(
      this.#laid.map(({ of, left, top, wide }) => [of.cluster, left + wide / 2, top + SIZE / 2]),
    );
  }

  clear() {
    this.#laid = [];
  }

  /**
   * The cluster whose label is at a place of the screen, or -1.
   *
   * @param {import("./view.js").Place} place
   */
  at([x, y]) {
    const found = this.#laid.find(
      ({ left, top, wide }) =>
        x >= left - 2 && x <= left + wide + 2 && y >= top - 4 && y <= top + SIZE + 4,
    );
    return found ? found.of.cluster : -1;
  }
}
