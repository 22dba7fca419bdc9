// @ts-check
// Drawing lines over the steps of a training: the axis of values, gaps, bands and lines.

import { s } from "../page/dom.js";
import { axisTicks } from "../page/scale.js";

/** @typedef {import("./chart.js").Box} Box */
/** @typedef {import("./lines.js").Lines} Lines */
/** @typedef {import("./lines.js").Series} Series */
/** @typedef {import("./lines.js").Values} Values */

/** @type {(value: number | null | undefined) => value is number} */
export const isValue = value => value !== null && value !== undefined;

/**
 * The least and largest value that the axis reaches to.
 *
 * @param {Lines} lines
 * @returns {[number, number]}
 */
export const reach = ({ series, min, max, limit }) => {
  const all = series
    .flatMap(({ values, low, high }) => [...values, ...(low ?? []), ...(high ?? [])])
    .filter(isValue);
  const least = Math.min(...all, ...(min === undefined ? [] : [min]));
  const most = Math.max(...all, ...(max === undefined ? [] : [max]));
  const [from, to] = limit ?? [-Infinity, Infinity];
  const [low, high] = [Math.max(from, least), Math.min(to, most)];
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
};

/**
 * The steps at which a series has values, in runs without a gap.
 *
 * @param {Values} values
 */
export const unbroken = values => {
  /** @type {number[][]} */
  const runs = [];
  values.forEach((value, i) => {
    if (!isValue(value)) return;
    if (i && isValue(values[i - 1])) runs[runs.length - 1].push(i);
    else runs.push([i]);
  });
  return runs;
};

/**
 * @param {SVGSVGElement} svg
 * @param {Box} box
 * @param {Lines} lines
 * @param {(value: number) => string} format
 */
export const drawLines = (svg, box, lines, format) => {
  const { left, inner, top, bottom } = box;
  const [low, high] = reach(lines);
  const [from, to] = lines.reversed ? [high, low] : [low, high];
  /** @param {number | null} v */
  const y = v => {
    const share = (Number(v) - from) / (to - from);
    return bottom - Math.max(0, Math.min(1, share)) * (bottom - top);
  };
  const grid = s("g", { class: "kn-axis kn-grid" });
  for (const v of lines.ticks ?? axisTicks(low, high)) {
    const zero = v === 0 && low < 0 ? "kn-zero" : null;
    grid.append(
      s("line", { x1: left, x2: left + inner, y1: y(v), y2: y(v), class: zero }),
      s("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, (lines.tick ?? format)(v)),
    );
  }
  svg.append(grid, ...gaps(box, lines));
  for (const series of lines.series) {
    for (const run of unbroken(series.values)) {
      svg.append(...band(series, run, box.x, y), ...line(series, run, box.x, y));
    }
  }
};

/**
 * The steps at which nothing was measured, as hatched ground.
 *
 * @param {Box} box
 * @param {Lines} lines
 */
const gaps = ({ left, inner, top, bottom, scale }, { series, gap }) => {
  if (!gap) return [];
  const empty = [...scale.steps.keys()].filter(i => series.every(o => !isValue(o.values[i])));
  return empty.map(i => {
    const [from, to] = scale.cell(i);
    const place = { x: left + from * inner, width: (to - from) * inner };
    return s("rect", { class: "kn-gap", ...place, y: top, height: bottom - top });
  });
};

/**
 * @param {Series} series
 * @param {number[]} run of steps
 * @param {(i: number) => number} x
 * @param {(v: number | null) => number} y
 */
const line = ({ colour, values, thin }, run, x, y) => {
  const points = run.map(i => `${x(i)},${y(values[i])}`).join(" ");
  const dots = (thin && run.length > 1 ? [] : run).map(i =>
    s("circle", { class: `kn-dot kn-c-${colour}`, cx: x(i), cy: y(values[i]), r: 2.4 }),
  );
  const kind = thin ? "kn-line kn-thin" : "kn-line";
  return [s("polyline", { class: `${kind} kn-c-${colour}`, points }), ...dots];
};

/**
 * @param {Series} series
 * @param {number[]} run of steps
 * @param {(i: number) => number} x
 * @param {(v: number | null) => number} y
 */
const band = ({ colour, low, high }, run, x, y) => {
  if (!low || !high || !run.every(i => isValue(low[i]) && isValue(high[i]))) return [];
  const upper = run.map(i => `${x(i)},${y(high[i])}`);
  const lower = run.map(i => `${x(i)},${y(low[i])}`).reverse();
  const points = [...upper, ...lower].join(" ");
  const area = s("polygon", { class: `kn-band kn-c-${colour}`, points });
  if (run.length > 1) return [area];
  const [i] = run; // one step alone: a whisker
  const ends = { x1: x(i), x2: x(i), y1: y(low[i]), y2: y(high[i]) };
  return [area, s("line", { class: `kn-line kn-c-${colour}`, ...ends })];
};
