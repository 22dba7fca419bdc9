// @ts-check
// Lines over the steps of a training.

import { h, s } from "../page/dom.js";
import { integer } from "../page/format.js";
import { axisTicks } from "../page/scale.js";
import { isEmpty, PLOT_HEIGHT, StepChart } from "./chart.js";

/** @typedef {import("./chart.js").Box} Box */
/** @typedef {(number | null)[]} Values by step, null where there is none */
/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} colour of chart.css
 * @property {Values} values
 * @property {Values} [low] a band's lower edge
 * @property {Values} [high]
 * @property {(i: number) => string} [words] the i-th value
 */
/**
 * @typedef {object} Lines
 * @property {Series[]} series
 * @property {number} [min] the axis reaches to these, and further where values do
 * @property {number} [max]
 * @property {boolean} [reversed] small values above
 * @property {number[]} [ticks]
 * @property {(value: number) => string} [tick]
 * @property {string} [none] where no value is there
 */
/**
 * @typedef {object} LineOptions
 * @property {number} [height]
 * @property {(value: number) => string} format
 * @property {() => Lines} data
 * @property {(i: number) => Node[]} [extra] more of the i-th step, for the pointer
 */

/** @type {(value: number | null | undefined) => value is number} */
const isValue = value => value !== null && value !== undefined;

export class LineChart {
  /** @type {number[]} */
  #steps = [];
  /** @type {Lines} */
  #lines = { series: [] };

  /** @param {import("./chart.js").Frame & LineOptions} options */
  constructor(options) {
    const { height = PLOT_HEIGHT } = options;
    this.options = options;
    this.chart = new StepChart(options, {
      height: () => height,
      draw: (svg, box) => drawLines(svg, box, this.#lines, options.format),
      words: i => this.#words(i),
      readout: i => this.#readout(i),
      summary: () => this.#summary(),
    });
    this.node = this.chart.node;
  }

  /**
   * @param {number[]} steps
   * @param {string | null} [missing] why there is nothing to draw
   */
  show(steps, missing) {
    this.#steps = steps;
    this.#lines = missing ? { series: [] } : this.options.data();
    const { series, none = "Nothing was measured." } = this.#lines;
    const nothing = isEmpty(series.map(({ values }) => values)) ? none : null;
    this.chart.show(steps, missing ?? nothing);
  }

  /** @param {number} i */
  mark(i) {
    this.chart.mark(i);
  }

  /**
   * @param {Series} series
   * @param {number} i
   */
  #value(series, i) {
    return series.words?.(i) ?? this.options.format(Number(series.values[i]));
  }

  /** @param {number} i */
  #words(i) {
    const measured = this.#lines.series.filter(({ values }) => isValue(values[i]));
    const row = (/** @type {Series} */ series) =>
      h(
        "tr",
        {},
        h("td", {}, series.name),
        h("td", { class: "kn-num" }, this.#value(series, i) + this.#spread(series, i)),
      );
    return [
      h("strong", {}, `step ${integer(this.#steps[i])}`),
      measured.length
        ? h("table", {}, ...measured.map(row))
        : h("div", {}, "not measured at this step"),
      ...(this.options.extra?.(i) ?? []),
    ];
  }

  /**
   * @param {Series} series
   * @param {number} i
   */
  #spread({ low, high }, i) {
    if (!low || !high || !isValue(low[i])) return "";
    const { format } = this.options;
    return ` (${format(low[i])} to ${format(Number(high[i]))})`;
  }

  /** @param {number} i */
  #readout(i) {
    return this.#lines.series.map(series => {
      const value = isValue(series.values[i]) ? this.#value(series, i) : "–";
      return h(
        "span",
        { class: "kn-reading" },
        swatch(series),
        series.name,
        " ",
        h("b", {}, value),
      );
    });
  }

  #summary() {
    const last = (/** @type {Series} */ series) => {
      const i = series.values.findLastIndex(isValue);
      if (i < 0) return `${series.name}: none.`;
      return `${series.name} at step ${integer(this.#steps[i])}: ${this.#value(series, i)}.`;
    };
    return this.#lines.series.map(last).join(" ");
  }
}

/** @param {Series} series */
const swatch = ({ colour }) =>
  s(
    "svg",
    { class: "kn-swatch", width: 18, height: 8, "aria-hidden": "true" },
    s("line", { x1: 0, x2: 18, y1: 4, y2: 4, class: `kn-line kn-c-${colour}` }),
  );

/**
 * The least and largest value that the axis reaches to.
 *
 * @param {Lines} lines
 * @returns {[number, number]}
 */
export const reach = ({ series, min, max }) => {
  const all = series
    .flatMap(({ values, low, high }) => [...values, ...(low ?? []), ...(high ?? [])])
    .filter(isValue);
  const least = Math.min(...all, ...(min === undefined ? [] : [min]));
  const most = Math.max(...all, ...(max === undefined ? [] : [max]));
  return most > least ? [least, most] : [least - 0.5, least + 0.5];
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
const drawLines = (svg, box, lines, format) => {
  const { left, inner, top, bottom } = box;
  const [low, high] = reach(lines);
  const [from, to] = lines.reversed ? [high, low] : [low, high];
  /** @param {number | null} v */
  const y = v => bottom - ((Number(v) - from) / (to - from)) * (bottom - top);
  const grid = s("g", { class: "kn-axis kn-grid" });
  for (const v of lines.ticks ?? axisTicks(low, high)) {
    const zero = v === 0 && low < 0 ? "kn-zero" : null;
    grid.append(
      s("line", { x1: left, x2: left + inner, y1: y(v), y2: y(v), class: zero }),
      s("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, (lines.tick ?? format)(v)),
    );
  }
  svg.append(grid);
  for (const series of lines.series) {
    for (const run of unbroken(series.values)) {
      svg.append(...band(series, run, box.x, y), ...line(series, run, box.x, y));
    }
  }
};

/**
 * @param {Series} series
 * @param {number[]} run of steps
 * @param {(i: number) => number} x
 * @param {(v: number | null) => number} y
 */
const line = ({ colour, values }, run, x, y) => {
  const points = run.map(i => `${x(i)},${y(values[i])}`).join(" ");
  const dots = run.map(i =>
    s("circle", { class: `kn-dot kn-c-${colour}`, cx: x(i), cy: y(values[i]), r: 2.4 }),
  );
  return [s("polyline", { class: `kn-line kn-c-${colour}`, points }), ...dots];
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
