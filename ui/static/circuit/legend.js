// @ts-check
// What the marks of a circuit's picture are.

import { h, s } from "../page/dom.js";

/**
 * @param {string} words
 * @param {SVGElement} mark
 */
const entry = (words, mark) =>
  h(
    "span",
    { class: "kn-entry" },
    s("svg", { width: 12, height: 12, "aria-hidden": "true" }, mark),
    words,
  );

const circle = (/** @type {string} */ kind) =>
  s("circle", { class: `kn-node ${kind}`, cx: 6, cy: 6, r: 4 });

export const legend = () =>
  h(
    "div",
    { class: "kn-legend kn-circuit-legend" },
    entry("neuron, for the answer", circle("kn-plus")),
    entry("against it", circle("kn-minus")),
    entry(
      "head",
      s("polygon", { class: "kn-node kn-diamond kn-plus", points: "6,1 11,6 6,11 1,6" }),
    ),
    entry(
      "arc: from where to where a head brings it",
      s("path", { class: "kn-arc kn-plus", d: "M1,9 C1,1 11,1 11,9", "stroke-width": 2 }),
    ),
    entry(
      "line: what a unit gives a later one",
      s("line", { class: "kn-edge kn-plus", x1: 2, y1: 11, x2: 10, y2: 1, "stroke-width": 2 }),
    ),
    entry("beyond these units", circle("kn-plus kn-beyond")),
    h(
      "span",
      {},
      "area: effect by patching it alone, else the estimate; ground: sum of a layer's MLP and attention at the token",
    ),
  );
