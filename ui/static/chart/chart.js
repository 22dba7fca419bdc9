// @ts-check
// What charts over the steps of a training share, as SVG: an axis of steps, a marker at the step on
// screen, values under the pointer and at the marker; a click or an arrow key moves the step.

import { faint, fill, h, message, s } from "../page/dom.js";
import { stepLabels, stepScale, stepWords } from "../page/scale.js";
import { sqlButton } from "../page/sql.js";
import { hideTip, showTip } from "../page/tip.js";

/** @typedef {import("../page/dom.js").Child} Child */
/** @typedef {import("../page/scale.js").StepScale} StepScale */
/**
 * What of a chart is as the caller wants it.
 *
 * @typedef {object} Frame
 * @property {string} title
 * @property {string} [note] beside the title
 * @property {(step: number) => void} onpick hears of the step that was chosen, by its place
 * @property {(step: number) => void} [ondrag] hears of the steps that the pointer is drawn over
 * @property {boolean} [bare] without an axis: it is one of several over one
 * @property {() => string} [sql] the query behind the chart
 */
/**
 * What draws a kind of chart, and puts it into words.
 *
 * @typedef {object} Kind
 * @property {() => number} height of what is drawn, in pixels
 * @property {(svg: SVGSVGElement, box: Box) => void} draw
 * @property {(i: number, y: number) => Child[]} words of the i-th step, `y` pixels under the top
 * @property {(i: number) => Child[]} readout the same, under the title
 * @property {() => string} summary for a screen reader
 */
/**
 * Where a chart is drawn, in pixels.
 *
 * @typedef {object} Box
 * @property {(i: number) => number} x of the i-th step
 * @property {number} left
 * @property {number} inner the width between left and right
 * @property {number} top
 * @property {number} bottom
 * @property {StepScale} scale
 */

const LEFT = 40;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 19;
const BARE = 4; // the same without an axis
export const PLOT_HEIGHT = 105; // of the lines of a chart, and of a strip of few layers

export class StepChart {
  /** @type {StepScale | null} */
  #scale = null;
  #at = -1; // the step on screen
  #width = 0;
  #svg = s("svg", { class: "kn-plot", role: "img", tabindex: "0" });
  #reads = h("div", { class: "kn-readout" });
  #empty = h("div", {});
  #box = h("div", { class: "kn-plot-box" }, this.#svg);
  #marker = s("line", { class: "kn-marker" });
  #hover = s("line", { class: "kn-hovered" });

  /**
   * @param {Frame} frame
   * @param {Kind} kind
   */
  constructor(frame, kind) {
    this.frame = frame;
    this.kind = kind;
    this.node = h(
      "figure",
      { class: "kn-chart" },
      caption(frame),
      this.#reads,
      this.#empty,
      this.#box,
    );
    this.#listen();
  }

  /**
   * Draw for these steps, or say in words why there is nothing to draw.
   *
   * @param {number[]} steps
   * @param {string | null} [missing]
   */
  show(steps, missing) {
    this.#scale = steps.length && !missing ? stepScale(steps) : null;
    this.#box.hidden = this.#reads.hidden = !this.#scale;
    fill(this.#empty, missing && message(missing));
    if (!this.#scale) return;
    const words = `${this.frame.title}. ${this.kind.summary()} Arrow keys move the step.`;
    this.#svg.setAttribute("aria-label", words);
    this.#paint();
    this.mark(Math.min(this.#at, steps.length - 1));
  }

  /**
   * Mark a step and read its values out.
   *
   * @param {number} i -1 for none
   */
  mark(i) {
    this.#at = i;
    this.#put(this.#marker, i);
    fill(this.#reads, ...(this.#scale && i >= 0 ? this.kind.readout(i) : []));
  }

  #inner() {
    return Math.max(1, this.#width - LEFT - RIGHT);
  }

  #bottom() {
    return TOP + this.kind.height();
  }

  /** @param {number} i */
  #x(i) {
    return LEFT + (this.#scale?.at(i) ?? 0) * this.#inner();
  }

  /**
   * @param {SVGLineElement} line
   * @param {number} i the step it stands at, -1 for none
   */
  #put(line, i) {
    const isThere = this.#scale && i >= 0 && i < this.#scale.steps.length;
    line.style.display = isThere ? "" : "none";
    if (!isThere) return;
    const ends = { x1: this.#x(i), x2: this.#x(i), y1: TOP, y2: this.#bottom() };
    for (const [name, value] of Object.entries(ends)) line.setAttribute(name, String(value));
  }

  #paint() {
    const scale = this.#scale;
    if (!scale || !(this.#width > LEFT + RIGHT)) return;
    const svg = this.#svg;
    svg.setAttribute("width", String(this.#width));
    svg.setAttribute("height", String(this.#bottom() + (this.frame.bare ? BARE : BOTTOM)));
    svg.replaceChildren();
    const box = { left: LEFT, inner: this.#inner(), top: TOP, bottom: this.#bottom(), scale };
    this.kind.draw(svg, { ...box, x: i => this.#x(i) });
    if (!this.frame.bare) svg.append(this.#axis(scale));
    svg.append(this.#hover, this.#marker);
    this.#put(this.#marker, this.#at);
    this.#put(this.#hover, -1);
  }

  /** @param {StepScale} scale */
  #axis(scale) {
    const y = this.#bottom();
    const base = s("line", { x1: LEFT, x2: LEFT + this.#inner(), y1: y, y2: y });
    const labelled = stepLabels(scale, this.#inner());
    const ticks = labelled.map(i =>
      s("line", { x1: this.#x(i), x2: this.#x(i), y1: y, y2: y + 3 }),
    );
    const labels = labelled.map(i => {
      const words = stepWords(scale.steps[i]);
      const x = Math.min(this.#x(i), this.#width - 3.4 * words.length);
      return s("text", { x, y: y + 14, "text-anchor": "middle" }, words);
    });
    return s("g", { class: "kn-axis" }, base, ...ticks, ...labels);
  }

  #listen() {
    const svg = this.#svg;
    svg.addEventListener("pointermove", event => this.#point(event));
    svg.addEventListener("pointerleave", () => {
      this.#put(this.#hover, -1);
      hideTip();
    });
    svg.addEventListener("click", event => {
      if (this.#scale) this.frame.onpick(this.#under(event, this.#scale));
    });
    svg.addEventListener("keydown", event => this.#key(event));
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - this.#width) < 1) return;
      this.#width = entry.contentRect.width;
      this.#paint();
    }).observe(this.#box);
  }

  /**
   * The step under the pointer.
   *
   * @param {MouseEvent} event
   * @param {StepScale} scale
   */
  #under(event, scale) {
    const { left } = this.#svg.getBoundingClientRect();
    return scale.nearest((event.clientX - left - LEFT) / this.#inner());
  }

  /** @param {MouseEvent} event */
  #point(event) {
    if (!this.#scale) return;
    const i = this.#under(event, this.#scale);
    if (event.buttons & 1) this.frame.ondrag?.(i);
    this.#put(this.#hover, i);
    const y = event.clientY - this.#svg.getBoundingClientRect().top - TOP;
    showTip(event.clientX, event.clientY, ...this.kind.words(i, y));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#scale) return;
    const last = this.#scale.steps.length - 1;
    /** @type {Record<string, number>} */
    const targets = { ArrowLeft: this.#at - 1, ArrowRight: this.#at + 1, Home: 0, End: last };
    const to = targets[event.key];
    if (to === undefined) return;
    this.frame.onpick(Math.max(0, Math.min(last, to)));
    event.preventDefault();
  }
}

/** @param {Frame} frame */
const caption = ({ title, note, sql }) =>
  h(
    "figcaption",
    {},
    h("span", { class: "kn-chart-title" }, title),
    note && faint(` ${note}`),
    sql && sqlButton(sql, "SQL", { "aria-label": `${title}: show as SQL` }),
  );

/**
 * Lists of values by step, in which nothing was measured.
 *
 * @param {(number | null | undefined)[][]} lists
 */
export const isEmpty = lists =>
  lists.every(values => values.every(v => v === null || v === undefined));
