// @ts-check
// The labels of a map's clusters at their places: as many as fit, large ones first.

import { cssValue } from "../page/canvas.js";
import { h } from "../page/dom.js";
import { shown } from "../page/format.js";

/** @typedef {import("./points.js").Points} Points */
/** @typedef {import("./points.js").Label} Label */
/** @typedef {{ words: string, left: number, top: number, wide: number }} Laid in CSS pixels */

const SIZE = 12; // CSS pixels
const LONGEST = 34; // characters
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
      title: "Cluster labels: zoom in for more; hover for the shares",
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

/** @type {Record<string, (term: string, kind: Points["kind"]) => string>} what each kind of term says */
const MEANS = {
  phrase: term =>
    term === "#" ? "fire on or just after numbers" : `fire on or just after “${shown(term)}”`,
  name: () => "fire on the name of the prompt's city",
  country: (term, kind) =>
    `${kind === "neurons" ? "fire most on prompts of" : "are in"} ${shown(term)}`,
  promotes: term => `promote “${shown(term)}”`,
  text: term => `have “${shown(term)}”`,
  sign: term => `fire ${term === "+" ? "positively" : "negatively"}`,
  layers: term => (term.includes("–") ? `in layers ${term}` : `in layer ${term}`),
};

/**
 * The share of a cluster with each term, and that of the others.
 *
 * @param {Label} label
 * @param {Points["kind"]} kind
 */
const sharesOf = ({ term_kinds, terms, term_shares, term_shares_elsewhere }, kind) => {
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  return (term_kinds ?? [])
    .map((is, t) => {
      const words = MEANS[is](terms[t], kind);
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

/** @param {string} words */
const short = words =>
  words.length > LONGEST ? `${words.slice(0, LONGEST - 1).replace(/[\s,·]+$/, "")}…` : words;

/**
 * The labels that fit, none over another.
 *
 * @param {Iterable<Pick<Label, "label" | "x" | "y">>} labels those that come first have first choice
 * @param {(words: string) => number} width of words
 * @param {(x: number, y: number) => number[]} toScreen
 * @param {[number, number]} size of the screen
 */
export const layOut = (labels, width, toScreen, [right, bottom]) => {
  /** @type {Laid[]} */
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
    if (isFree) laid.push({ words, left, top, wide });
  }
  return laid;
};

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Points} points
 * @param {(x: number, y: number) => number[]} toScreen
 * @param {[number, number]} size
 * @param {string} ink
 */
export const drawLabels = (context, points, toScreen, size, ink) => {
  context.font = `600 ${SIZE}px system-ui, sans-serif`;
  context.textBaseline = "top";
  context.lineJoin = "round";
  const width = (/** @type {string} */ words) => context.measureText(words).width;
  const laid = layOut(points.labels.values(), width, toScreen, size);
  for (const { words, left, top } of laid) {
    context.lineWidth = 4;
    context.strokeStyle = cssValue("--kn-ground", context.canvas);
    context.strokeText(words, left, top);
    context.fillStyle = ink;
    context.fillText(words, left, top);
  }
  context.textBaseline = "alphabetic";
  context.canvas.dataset.labels = JSON.stringify(laid.map(({ words }) => words));
};
