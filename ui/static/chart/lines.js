// @ts-check
// Lines over the steps of a training.

import { h, s } from "../page/dom.js";
import { integer } from "../page/format.js";
import { isEmpty, PLOT_HEIGHT, StepChart } from "./chart.js";
import { drawLines, isValue } from "./draw_lines.js";

/** @typedef {(number | null)[]} Values by step, null where there is none */
/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} colour of chart.css
 * @property {Values} values
 * @property {Values} [low] a band's lower edge
 * @property {Values} [high]
 * @property {(i: number) => string} [words] the i-th value
 * @property {boolean} [thin] one of many
 */
/**
 * What a group of series is at a step.
 *
 * @typedef {object} Key
 * @property {string} name
 * @property {string} colour
 * @property {(i: number) => string} value
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
 * @property {[number, number]} [limit] the axis reaches no further; what lies beyond is drawn there
 * @property {string} [gap] what is said of a step at which nothing was measured
 * @property {Key[]} [keys] read out in place of the series
 */
/**
 * @typedef {object} LineOptions
 * @property {number} [height]
 * @property {(value: number) => string} format
 * @property {() => Lines} data
 * @property {(i: number) => Node[]} [extra] more of the i-th step, for the pointer
 */

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
        : h("div", {}, this.#lines.gap ?? "not measured at this step"),
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
    const { series, keys, gap } = this.#lines;
    if (gap && series.every(({ values }) => !isValue(values[i]))) {
      return [h("span", { class: "kn-reading" }, gap)];
    }
    const named = keys ?? series.map(one => ({ ...one, value: () => this.#read(one, i) }));
    return named.map(({ name, colour, value }) =>
      h("span", { class: "kn-reading" }, swatch(colour), name, " ", h("b", {}, value(i))),
    );
  }

  /**
   * @param {Series} series
   * @param {number} i
   */
  #read(series, i) {
    return isValue(series.values[i]) ? this.#value(series, i) : "–";
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

/** @param {string} colour */
export const swatch = colour =>
  s(
    "svg",
    { class: "kn-swatch", width: 18, height: 8, "aria-hidden": "true" },
    s("line", { x1: 0, x2: 18, y1: 4, y2: 4, class: `kn-line kn-c-${colour}` }),
  );
