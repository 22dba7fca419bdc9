// @ts-check
// Arcs of a circuit's picture: from which token to which its heads carry the answer.

import { s } from "../page/dom.js";
import { hideTip, showTip } from "../page/tip.js";
import { headKey, headWords, mainSource, sizeOfHead } from "./head_words.js";
import { nodeKey } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Head} Head */
/** @typedef {import("./layout.js").Layout} Layout */

const MOST_WIDTH = 4; // pixels
const DRAWN = 12; // heads, the strongest
const LEAST = 0.04; // of the strongest head's: weaker ones have no arc

/**
 * An arc for each of the strongest heads, from the other token that most comes from to its own; heads
 * that read their own token have none.
 *
 * @param {Circuit} circuit
 * @param {Layout} layout
 * @param {number} nLayers
 * @param {(head: Head) => void} onpick
 */
export const arcs = (circuit, layout, nLayers, onpick) => {
  const heads = circuit.heads.filter(head => mainSource(head) !== null);
  const sizes = heads.map(head => Math.abs(sizeOfHead(head)));
  const most = Math.max(...sizes, 1e-12);
  const strongest = heads
    .filter(head => Math.abs(sizeOfHead(head)) >= LEAST * most)
    .toSorted((a, b) => Math.abs(sizeOfHead(b)) - Math.abs(sizeOfHead(a)))
    .slice(0, DRAWN);
  return strongest.map(head => arc(circuit, layout, nLayers, head, most, onpick));
};

/**
 * @param {Circuit} circuit
 * @param {Layout} layout
 * @param {number} nLayers
 * @param {Head} head
 * @param {number} most
 * @param {(head: Head) => void} onpick
 */
const arc = (circuit, { columns, row, top, places }, nLayers, head, most, onpick) => {
  const source = mainSource(head);
  const size = sizeOfHead(head);
  const key = headKey(head);
  const middle = (/** @type {number} */ i) => columns[i].left + columns[i].width / 2;
  const y = top + (nLayers - 0.5 - head.layer) * row;
  const mark = places.find(({ unit }) => nodeKey(unit) === key);
  const from = middle(source?.source_position ?? head.position);
  const to = mark?.x ?? middle(head.position);
  const rise = Math.min(0.9 * row + 6, 10 + 0.06 * Math.abs(to - from));
  const part = Math.sqrt(Math.abs(size) / most);
  const path = s("path", {
    class: `kn-arc ${size < 0 ? "kn-minus" : "kn-plus"}`,
    d: `M${from},${y} C${from},${y - rise} ${to},${y - rise} ${to},${y}`,
    "stroke-width": (0.6 + (MOST_WIDTH - 0.6) * part).toFixed(2),
    "stroke-opacity": (0.25 + 0.55 * part).toFixed(2),
    "data-head": key,
  });
  path.addEventListener("mousemove", event => {
    event.stopPropagation(); // what is below hides the tip
    showTip(event.clientX, event.clientY, ...headWords(circuit, head));
  });
  path.addEventListener("mouseleave", hideTip);
  path.addEventListener("click", () => onpick(head));
  return path;
};
