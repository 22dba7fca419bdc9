// @ts-check
// Attention knockout by layer: what the logit difference loses where the last token no longer sees
// others, in a window of layers around each.

import { swatch } from "../chart/lines.js";
import { h, s } from "../page/dom.js";
import { hideTip, showTip } from "../page/tip.js";
import { share } from "./buys.js";

/** @typedef {import("./types.d.ts").Knockout} Knockout */
/** @typedef {{ layer: number, row: Knockout }} Window */

const HEIGHT = 96;
const BOX = { left: 42, right: 8, top: 8, bottom: 20 };
/** @type {[string, string, string][]} tokens, colour, words */
const LINES = [
  ["subject", "own", "the subject"],
  ["other", "grey", "other tokens"],
];

/**
 * The windows in which the last token doesn't see some tokens, by the layer in their middle; without
 * that of all layers.
 *
 * @param {Knockout[]} rows
 * @param {string} to role
 * @param {number} nLayers
 * @returns {Window[]}
 */
export const windowsOf = (rows, to, nLayers) => {
  const own = rows
    .filter(row => row.head < 0 && row.from_role === "last" && row.to_role === to)
    .filter(row => row.lost !== null);
  const widest = Math.max(
    ...own.map(r => r.last_layer - r.first_layer + 1).filter(n => n < nLayers),
    1,
  );
  const half = Math.floor(widest / 2);
  return own
    .filter(row => row.last_layer - row.first_layer + 1 < nLayers || nLayers === 1)
    .map(row => ({
      // At the edges windows are cut: the middle is counted from the whole end.
      layer: row.first_layer > 0 ? row.first_layer + half : row.last_layer - half,
      row,
    }))
    .sort((a, b) => a.layer - b.layer);
};

/**
 * @param {Knockout[]} rows
 * @param {string} from role
 * @param {string} to role
 * @param {number} nLayers
 */
export const everywhere = (rows, from, to, nLayers) =>
  rows.find(
    row =>
      row.head < 0 &&
      row.from_role === from &&
      row.to_role === to &&
      row.first_layer === 0 &&
      row.last_layer === nLayers - 1,
  ) ?? null;

/**
 * What attention from the last token to the subject carries, in one sentence.
 *
 * @param {Knockout[]} rows
 * @param {number} nLayers
 */
export const knockoutWords = (rows, nLayers) => {
  const whole = everywhere(rows, "last", "subject", nLayers);
  if (!whole) return "";
  const windows = windowsOf(rows, "subject", nLayers);
  const [most] = windows.toSorted((a, b) => Number(b.row.lost) - Number(a.row.lost));
  const other = everywhere(rows, "last", "other", nLayers);
  const begun = `Where the last token sees the subject in no layer, ${share(whole.lost)} of the logit difference is lost`;
  const beside = other ? `, where it sees no other token ${share(other.lost)}` : "";
  if (!most || nLayers === 1) return `${begun}${beside}.`;
  const { first_layer: first, last_layer: last, lost } = most.row;
  const layers = first === last ? `layer ${first} alone` : `layers ${first} to ${last} alone`;
  return `${begun}${beside}; in ${layers} the subject is missed most: ${share(lost)}.`;
};

/**
 * @param {Knockout[]} rows
 * @param {number} nLayers
 * @param {number} width
 */
export const knockoutChart = (rows, nLayers, width) => {
  const lines = LINES.map(([to, colour, name]) => ({
    ...{ colour, name, windows: windowsOf(rows, to, nLayers) },
  })).filter(({ windows }) => windows.length > 1);
  if (!lines.length) return h("div", {});
  const { x, y } = scaleOf(
    lines.flatMap(({ windows }) => windows),
    nLayers,
    width,
  );
  const svg = s("svg", {
    class: "kn-plot",
    width,
    height: HEIGHT,
    role: "img",
    "aria-label": `Share lost without sight of others, by layer. ${knockoutWords(rows, nLayers)}`,
  });
  const zero = { x1: BOX.left, x2: width - BOX.right, y1: y(0), y2: y(0), class: "kn-zero" };
  const most = Math.max(...lines.flatMap(({ windows }) => windows.map(w => Number(w.row.lost))));
  const grid = s("g", { class: "kn-axis kn-grid" }, s("line", zero));
  for (const value of [0, most])
    grid.append(
      s("text", { x: BOX.left - 5, y: y(value) + 4, "text-anchor": "end" }, share(value)),
    );
  for (const layer of new Set([0, Math.floor((nLayers - 1) / 2), nLayers - 1]))
    grid.append(s("text", { x: x(layer), y: HEIGHT - 6, "text-anchor": "middle" }, String(layer)));
  svg.append(grid);
  for (const { windows, colour } of lines.toReversed()) {
    const points = windows.map(w => `${x(w.layer)},${y(Number(w.row.lost))}`).join(" ");
    svg.append(s("polyline", { class: `kn-line kn-c-${colour}`, points }));
  }
  svg.addEventListener("mouseleave", hideTip);
  svg.addEventListener("mousemove", event => {
    const at = event.clientX - svg.getBoundingClientRect().left;
    const far = (/** @type {Window} */ w) => Math.abs(x(w.layer) - at);
    const near = lines.map(({ name, windows }) => ({
      name,
      row: windows.toSorted((a, b) => far(a) - far(b))[0].row,
    }));
    const { first_layer: first, last_layer: last } = near[0].row;
    const words = near.map(({ name, row }) =>
      h("div", {}, `without ${name}: ${share(row.lost)} lost`),
    );
    showTip(event.clientX, event.clientY, h("strong", {}, `layers ${first} to ${last}`), ...words);
  });
  const legend = lines.map(({ colour, name }) =>
    h("span", { class: "kn-entry" }, swatch(colour), ` ${name}`),
  );
  return h("figure", { class: "kn-chart" }, svg, h("div", { class: "kn-legend" }, ...legend));
};

/**
 * @param {Window[]} windows
 * @param {number} nLayers
 * @param {number} width
 */
const scaleOf = (windows, nLayers, width) => {
  const lost = windows.map(({ row }) => Number(row.lost));
  const [low, high] = [Math.min(0, ...lost), Math.max(0.05, ...lost)];
  const [inner, tall] = [width - BOX.left - BOX.right, HEIGHT - BOX.top - BOX.bottom];
  return {
    x: (/** @type {number} */ layer) => BOX.left + (layer / Math.max(1, nLayers - 1)) * inner,
    y: (/** @type {number} */ value) => BOX.top + ((high - value) / (high - low)) * tall,
  };
};
