// @ts-check
// Effects of an intervention as dots with their 95 % intervals, in log-odds, on one symmetrical axis.

import { h, s } from "../page/dom.js";
import { counted } from "../page/format.js";
import { axisTicks } from "../page/scale.js";
import { CONTROLS, OWN } from "./controls.js";
import { signed } from "./strips.js";

/** @typedef {import("./types.d.ts").Effect} Effect */

const WIDTH = 120; // of the axis, in units of the drawing
const ROW = 22;
const LIMIT = 8;
const ORDER = [...Object.keys(OWN), ...Object.keys(CONTROLS)];

/**
 * How far the axis reaches to both sides: the largest end of an interval, and no further than LIMIT.
 *
 * @param {Effect[]} effects
 */
export const extent = effects => {
  const ends = effects.flatMap(e => [e.log_odds, e.ci_low ?? 0, e.ci_high ?? 0]);
  return Math.min(LIMIT, Math.max(0.5, ...ends.map(Math.abs)));
};

/**
 * A place on the axis: 0 in its middle; what lies beyond stands at its end.
 *
 * @param {number} value
 * @param {number} most
 */
export const placeOf = (value, most) =>
  WIDTH / 2 + (Math.max(-most, Math.min(most, value)) / most) * (WIDTH / 2 - 4);

/**
 * @param {Effect[]} effects of one kind of intervention on one fact
 */
export const effectDots = effects => {
  const rows = ORDER.flatMap(name => effects.filter(e => e.condition === name));
  if (!rows.length) return null;
  const most = extent(rows);
  const heads = ["neurons changed", "0 in the middle", "log-odds of the answer"];
  return h(
    "div",
    { class: "kn-dots", tabindex: "0", role: "region", "aria-label": "Effects in log-odds" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...heads.map(words => h("th", { scope: "col" }, words)))),
      h("tbody", {}, ...rows.map(row => dotRow(row, most))),
    ),
  );
};

/**
 * @param {Effect} effect
 * @param {number} most
 */
const dotRow = (effect, most) => {
  const { condition, log_odds: mean, ci_low: low, ci_high: high } = effect;
  const span = low !== null && high !== null ? `${signed(low)} to ${signed(high)}` : "no interval";
  return h(
    "tr",
    { "data-condition": condition, class: condition in OWN ? "kn-own" : null },
    h(
      "th",
      { scope: "row", title: CONTROLS[condition]?.meaning },
      OWN[condition] ?? CONTROLS[condition].name,
    ),
    h("td", {}, drawing(effect, most)),
    h("td", {}, h("b", {}, signed(mean)), h("small", {}, `${span}; ${countWords(effect)}`)),
  );
};

/** @param {Effect} effect */
const countWords = ({ condition, n_prompts: prompts, n_sets: sets }) => {
  if (condition in OWN) return counted(prompts, "prompt");
  const isFacts = condition === "other_fact" || condition === "same_subject";
  return counted(sets, isFacts ? "fact" : "set");
};

/**
 * @param {Effect} effect
 * @param {number} most
 */
const drawing = ({ condition, log_odds: mean, ci_low: low, ci_high: high }, most) => {
  const y = ROW / 2;
  const colour = condition in OWN ? "own" : "grey";
  const ticks = axisTicks(-most, most, 4).map(v =>
    s("line", {
      x1: placeOf(v, most),
      x2: placeOf(v, most),
      y1: 0,
      y2: ROW,
      class: v ? null : "kn-zero",
    }),
  );
  const span =
    low !== null && high !== null
      ? s("line", {
          x1: placeOf(low, most),
          x2: placeOf(high, most),
          y1: y,
          y2: y,
          class: "kn-span",
        })
      : null;
  return s(
    "svg",
    { class: `kn-dot-axis kn-c-${colour}`, viewBox: `0 0 ${WIDTH} ${ROW}`, "aria-hidden": "true" },
    s("g", { class: "kn-axis" }, ...ticks),
    span,
    s("circle", { class: "kn-dot", cx: placeOf(mean, most), cy: y, r: 4 }),
  );
};
