// @ts-check
// Strips over the steps of a training: what each layer is at each step, a column for each step and a
// row for each layer, green above 0 and purple below.

import { h, s } from "../page/dom.js";
import { integer } from "../page/format.js";
import { isEmpty, PLOT_HEIGHT, StepChart } from "./chart.js";

/** @typedef {(number | null | undefined)[]} Values */
/**
 * @typedef {object} Strip
 * @property {Values[]} values by layer, then by step
 * @property {number} scale value of full colour
 * @property {boolean} [negative] whether any is below 0
 * @property {string} [absent] where a step has none
 * @property {string} [none] where no step has any
 * @property {(column: Values) => string} [reading] a step's values in words
 * @property {string[]} [names] of the rows, where they aren't layers; they stand beside the chart
 */
/**
 * @typedef {object} StripOptions
 * @property {(value: number) => string} format
 * @property {() => Strip} data
 * @property {(value: number) => string} [cellWords]
 * @property {number} [row] height of a row in pixels
 */

const LABEL_HEIGHT = 11; // pixels of a layer's number

/** @type {(value: number | null | undefined) => value is number} */
const isValue = value => value !== null && value !== undefined;

/**
 * The height of a layer's row in pixels.
 *
 * @param {number} layers
 */
const rowHeight = layers =>
  Math.max(5, Math.min(26, Math.floor(PLOT_HEIGHT / Math.max(1, layers))));

export class LayerStrip {
  /** @type {number[]} */
  #steps = [];
  /** @type {Strip} */
  #strip = { values: [], scale: 1 };

  /** @param {import("./chart.js").Frame & StripOptions} options */
  constructor(options) {
    this.options = options;
    this.chart = new StepChart(options, {
      height: () => this.#layers() * this.#size(),
      draw: (svg, box) => drawStrip(svg, box, this.#strip, this.#size()),
      words: (i, y) => this.#words(i, y),
      readout: i => this.#readout(i),
      summary: () =>
        `${this.#layers()} ${this.#strip.names ? "neurons" : "layers"} by ${this.#steps.length} steps.`,
    });
    this.node = this.chart.node;
  }

  /**
   * @param {number[]} steps
   * @param {string | null} [missing] why there is nothing to draw
   */
  show(steps, missing) {
    this.#steps = steps;
    this.#strip = missing ? { values: [], scale: 1 } : this.options.data();
    const { values, none = "Nothing was measured." } = this.#strip;
    this.chart.show(steps, missing ?? (isEmpty(values) ? none : null));
  }

  /** @param {number} i */
  mark(i) {
    this.chart.mark(i);
  }

  #layers() {
    return this.#strip.values.length;
  }

  /** The height of a row in pixels. */
  #size() {
    return this.options.row ?? rowHeight(this.#layers());
  }

  /**
   * @param {number} i
   * @param {number} y
   */
  #words(i, y) {
    const last = this.#layers() - 1;
    const layer = Math.max(0, Math.min(last, Math.floor(y / this.#size())));
    const value = this.#strip.values[layer]?.[i];
    const { cellWords, format } = this.options;
    const words = isValue(value)
      ? (cellWords ?? format)(value)
      : (this.#strip.absent ?? "not measured");
    return [
      h("strong", {}, `step ${integer(this.#steps[i])} · ${this.#name(layer)}`),
      h("div", {}, words),
    ];
  }

  /** @param {number} layer */
  #name(layer) {
    return this.#strip.names?.[layer] ?? `layer ${layer}`;
  }

  /** @param {number} i */
  #readout(i) {
    const { values, scale, negative, absent = "not measured at this step", reading } = this.#strip;
    const { format } = this.options;
    const column = values.map(row => row[i]);
    const measured = column.filter(isValue);
    const part = (/** @type {import("../page/dom.js").Child[]} */ ...children) =>
      h("span", { class: "kn-reading" }, ...children);
    if (!measured.length) return [part(absent)];
    const ramp = (/** @type {string} */ kind) => h("span", { class: kind, "aria-hidden": "true" });
    const total = measured.reduce((a, b) => a + b, 0);
    return [
      part(ramp("kn-ramp"), `to ${format(scale)}`),
      negative && part(ramp("kn-ramp kn-minus"), "below 0"),
      part(h("b", {}, reading?.(column) ?? format(total))),
    ];
  }
}

/**
 * @param {SVGSVGElement} svg
 * @param {import("./chart.js").Box} box
 * @param {Strip} strip
 * @param {number} size of a row in pixels
 */
const drawStrip = (svg, { inner, top, left, scale: steps }, strip, size) => {
  const every = Math.ceil(LABEL_HEIGHT / size);
  const group = s("g");
  strip.values.forEach((values, layer) => {
    const y = top + layer * size;
    if (layer % every === 0 && !strip.names) {
      const place = { x: left - 6, y: y + size / 2 + 4, "text-anchor": "end" };
      group.append(s("text", { ...place, class: "kn-layer" }, String(layer)));
    }
    values.forEach((value, i) => {
      const [from, to] = steps.cell(i);
      const width = Math.max(1, (to - from) * inner - 0.5);
      const place = { x: left + from * inner, y, width, height: size - 0.5 };
      group.append(s("rect", { ...place, ...cellLook(value, strip.scale) }));
    });
  });
  svg.append(group);
};

/**
 * @param {number | null | undefined} value
 * @param {number} scale
 */
const cellLook = (value, scale) => {
  if (!isValue(value)) return { class: "kn-cell kn-none" };
  const share = Math.min(1, Math.abs(value) / (scale || 1));
  const style = `fill-opacity:${(0.04 + 0.96 * share).toFixed(3)}`;
  return { class: value < 0 ? "kn-cell kn-minus" : "kn-cell", style };
};
