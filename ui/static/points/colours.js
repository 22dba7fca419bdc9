// @ts-check
// Colours of points, with their legends.

import { bdi, h } from "../page/dom.js";
import { integer, percent } from "../page/format.js";
import { isThemed } from "./labels.js";

/** @typedef {[number, number, number]} Colour red, green and blue, each of 255 */
/** @typedef {import("./points.js").Points} Points */
/** @typedef {{ colors: Uint32Array, legend: (HTMLElement | null)[] }} Coloured by point */

// Dark blue over green to yellow, legible on white and on black.
/** @type {Colour[]} */
const RAMP = [
  [72, 61, 180],
  [40, 125, 190],
  [25, 165, 140],
  [105, 190, 70],
  [225, 180, 20],
];
/**
 * Six classes that the colour-blind tell apart too (Okabe and Ito 2008), and a print by their shades;
 * more are told apart by nobody.
 *
 * @type {Colour[]}
 */
export const KINDS = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [213, 94, 0],
  [86, 180, 233],
  [204, 121, 167],
];
/** @type {Colour} of what has no colour of its own */
const OTHER = [150, 150, 150];
const FAINT = 90; // of 255: how opaque what isn't chosen is
const LEAST_RATE = 1e-5; // of firing, on the logarithmic scale

/** @param {number} share of the way from the first colour to the last */
export const ramp = share => {
  const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(at));
  const mixed = RAMP[low].map((v, k) => Math.round(v + (at - low) * (RAMP[low + 1][k] - v)));
  return /** @type {Colour} */ (mixed);
};

/** @param {Colour} colour */
const rgb = colour => `rgb(${colour.join(" ")})`;

/**
 * A pixel of a canvas.
 *
 * @param {Colour} colour
 * @param {number} alpha
 */
const packed = ([r, g, b], alpha = 255) => ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** The pixel of a point that isn't chosen, or that never fired. */
export const faint = packed(OTHER, FAINT);

/**
 * @param {number} n
 * @param {(i: number) => number} value
 * @param {[number, number]} ends
 * @param {(value: number) => string} words
 * @returns {Coloured}
 */
const sequential = (n, value, [low, high], words) => {
  const colors = new Uint32Array(n);
  for (let i = 0; i < n; i++) colors[i] = packed(ramp((value(i) - low) / (high - low || 1)));
  const stops = [0, 0.25, 0.5, 0.75, 1].map(share => rgb(ramp(share))).join(", ");
  const style = `background: linear-gradient(90deg, ${stops})`;
  return {
    colors,
    legend: [
      h("span", {}, words(low)),
      h("span", { class: "kn-ramp", "aria-hidden": "true", style }),
      h("span", {}, words(high)),
    ],
  };
};

/**
 * By layer, from 0 to `top`.
 *
 * @param {number} n
 * @param {(i: number) => number} layer of the i-th point
 * @param {number} top
 */
export const layerColours = (n, layer, top) => sequential(n, layer, [0, top], v => `layer ${v}`);

/** @param {Points} points */
const byLayer = points => {
  const layers = points.layer ?? new Uint8Array(points.n);
  let top = 0;
  for (const layer of layers) top = Math.max(top, layer);
  return layerColours(points.n, i => layers[i], top);
};

/** @param {Points} points */
const byRate = points => {
  const rates = points.rate ?? new Float32Array(points.n);
  const logs = Float64Array.from(rates, rate => Math.log10(Math.max(rate, LEAST_RATE)));
  let [low, high] = [0, Math.log10(LEAST_RATE)];
  for (const log of logs.subarray(0, points.nDrawn)) {
    low = Math.min(low, log);
    high = Math.max(high, log);
  }
  return sequential(
    points.n,
    i => logs[i],
    [low, high],
    v => percent(10 ** v),
  );
};

/**
 * @param {Colour} colour
 * @param {string} words
 */
const entry = (colour, words) => {
  const swatch = h("i", { style: `background:${rgb(colour)}`, "aria-hidden": "true" });
  return h("span", { class: "kn-entry" }, swatch, bdi(words));
};

/**
 * The values that most points have get colours of their own.
 *
 * @param {Points} points
 * @param {(i: number) => string | null} value
 * @returns {Coloured}
 */
const categorical = (points, value) => {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const values = Array.from({ length: points.nDrawn }, (_, i) => value(i));
  for (const v of values) if (v !== null) counts.set(v, (counts.get(v) ?? 0) + 1);
  const common = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, KINDS.length)
    .map(([v]) => v);
  /** @type {Map<string | null, number>} */
  const color = new Map(common.map((v, k) => [v, packed(KINDS[k])]));
  const other = packed(OTHER);
  const rest = values.length - common.reduce((sum, v) => sum + (counts.get(v) ?? 0), 0);
  const hasOthers = counts.size > common.length || values.includes(null);
  return {
    colors: Uint32Array.from({ length: points.n }, (_, i) => color.get(values[i]) ?? other),
    legend: [
      ...common.map((v, k) => entry(KINDS[k], `${v} ${integer(counts.get(v))}`)),
      hasOthers ? entry(OTHER, `other ${integer(rest)}`) : null,
    ],
  };
};

/**
 * Clusters are too many to tell apart: the one chosen is coloured, or the largest that have a theme.
 *
 * @param {Points} points
 * @param {number | null} one
 * @returns {Coloured}
 */
const byCluster = (points, one) => {
  const alone = points.labels.get(one ?? -1);
  const every = alone ? [alone] : [...points.labels.values()];
  const themed = every.filter(isThemed);
  const chosen = (themed.length ? themed : every).slice(0, KINDS.length);
  const number = new Map(chosen.map((label, k) => [label.cluster, packed(KINDS[k])]));
  const other = packed(OTHER);
  const largest = alone ? "chosen one" : themed.length ? "largest with a theme" : "largest";
  const n = clustersOf(points);
  const words = `${integer(chosen.length)} of ${integer(n)} clusters coloured, the ${largest}`;
  return {
    colors: Uint32Array.from({ length: points.n }, (_, i) => {
      return number.get(points.cluster?.[i] ?? -1) ?? other;
    }),
    legend: [
      ...chosen.map((label, k) => entry(KINDS[k], label.label)),
      h("span", {}, `${words}; the others grey`),
    ],
  };
};

/** @param {Points} points */
const clustersOf = ({ cluster }) => new Set(cluster?.filter(c => c >= 0)).size;

/**
 * What points can be coloured by: a name, words, and how, given the chosen cluster.
 *
 * @param {Points} points
 * @returns {[string, string, (points: Points, cluster: number | null) => Coloured][]}
 */
export const colourings = ({ kind, cluster }) => {
  const of = kind === "neurons" ? " of its top prompt" : "";
  /** @type {ReturnType<typeof colourings>} */
  const list = [
    ["continent", `continent${of}`, points => categorical(points, points.continent)],
    ["country", `country${of}`, points => categorical(points, points.country)],
  ];
  if (kind === "neurons") {
    list.unshift(["layer", "layer", byLayer], ["rate", "firing rate", byRate]);
  }
  if (cluster) list.push(["cluster", "cluster", byCluster]);
  return list;
};

/**
 * The pixels of a choice: what isn't shown has none, what isn't chosen is faint, and so is what never
 * fired.
 *
 * @param {Points} points
 * @param {Uint32Array} colors by point
 * @param {Uint8Array | null} shown
 * @param {Uint8Array | null} lit
 */
export const chosenColours = ({ nDrawn }, colors, shown, lit) =>
  colors.map((color, i) => {
    if (shown && !shown[i]) return 0;
    return i >= nDrawn || (lit && !lit[i]) ? faint : color;
  });
