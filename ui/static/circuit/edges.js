// @ts-check
// Edges of a circuit's picture: what an earlier unit gives to a later one, by strength.

import { h, s } from "../page/dom.js";
import { number } from "../page/format.js";
import { hideTip, showTip } from "../page/tip.js";
import { EDGE, TOP } from "./layout.js";
import { nodeKey, unitName } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Edge} Edge */
/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {{ edge: Edge, ends: string[], line: SVGElement }} Drawn `ends`: node keys */

const MOST_WIDTH = 3.2; // pixels
const LEAST_WIDTH = 0.4;

/** @param {Edge} edge */
export const earlierKey = ({ earlier_kind, earlier_layer, earlier_unit, earlier_position }) =>
  nodeKey({
    kind: earlier_kind,
    layer: earlier_layer,
    unit: earlier_unit,
    position: earlier_position,
  });

/**
 * Null for the answer.
 *
 * @param {Edge} edge
 */
export const laterKey = ({ later_kind, later_layer, later_unit, later_position }) =>
  later_kind === "answer"
    ? null
    : nodeKey({
        kind: later_kind,
        layer: later_layer,
        unit: later_unit,
        position: later_position,
      });

/**
 * How strong an edge is beside the strongest, from 0 to 1.
 *
 * @param {Edge[]} edges
 * @returns {(edge: Edge) => number}
 */
export const strengthOf = edges => {
  const most = Math.max(...edges.map(({ score }) => Math.abs(score)), 1e-12);
  return ({ score }) => Math.sqrt(Math.abs(score) / most);
};

/**
 * A line for each edge whose units are in the picture; those to the answer end over the last column.
 *
 * @param {Edge[]} edges
 * @param {Layout} layout
 * @returns {Drawn[]}
 */
export const edgeLines = (edges, { places, columns }) => {
  const at = new Map(places.map(place => [nodeKey(place.unit), place]));
  const { left, width } = columns[columns.length - 1] ?? { left: EDGE, width: 0 };
  const answer = { x: left + width / 2, y: TOP };
  const strength = strengthOf(edges);
  return edges.flatMap(edge => {
    const [one, other] = [earlierKey(edge), laterKey(edge)];
    const from = at.get(one);
    const to = other === null ? answer : at.get(other);
    if (!from || !to) return [];
    const part = strength(edge);
    const line = s("line", {
      class: `kn-edge ${edge.score < 0 ? "kn-minus" : "kn-plus"}`,
      ...{ x1: from.x, y1: from.y, x2: to.x, y2: to.y },
      "stroke-width": (LEAST_WIDTH + (MOST_WIDTH - LEAST_WIDTH) * part).toFixed(2),
      "stroke-opacity": (0.12 + 0.6 * part).toFixed(2),
    });
    tell(line, edge);
    return [{ edge, ends: other === null ? [one] : [one, other], line }];
  });
};

/**
 * @param {SVGElement} line
 * @param {Edge} edge
 */
const tell = (line, edge) => {
  line.addEventListener("mousemove", event => {
    event.stopPropagation(); // what is below hides the tip
    showTip(event.clientX, event.clientY, ...edgeWords(edge));
  });
  line.addEventListener("mouseleave", hideTip);
};

/** @param {Edge} edge */
const edgeWords = edge => {
  const { earlier_kind, earlier_layer, earlier_unit, score, effect } = edge;
  const { later_kind, later_layer, later_unit } = edge;
  const logits = (/** @type {number} */ x) => `${x < 0 ? "−" : ""}${number(Math.abs(x))} logits`;
  const from = unitName({ kind: earlier_kind, layer: earlier_layer, unit: earlier_unit });
  const to =
    later_kind === "answer"
      ? "the answer"
      : unitName({ kind: later_kind, layer: later_layer, unit: later_unit });
  const measured = effect === null ? "not path-patched" : `path-patched: ${logits(effect)} lost`;
  return [
    h("strong", {}, `${from} → ${to}`),
    h("div", {}, `gives it ${logits(score)} by the estimate`),
    h("div", {}, measured),
  ];
};

/**
 * Show the edges between units that are shown, those of one unit alone where it is selected.
 *
 * @param {Drawn[]} drawn
 * @param {(key: string) => boolean} isShown
 * @param {string | null} of the selected unit's key
 */
export const limitEdges = (drawn, isShown, of) => {
  const isOfOne = of !== null && drawn.some(({ ends }) => ends.includes(of));
  for (const { ends, line } of drawn) {
    line.classList.toggle("kn-hidden", !ends.every(isShown));
    line.classList.toggle("kn-aside", isOfOne && of !== null && !ends.includes(of));
  }
};
