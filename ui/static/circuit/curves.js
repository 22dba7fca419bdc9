// @ts-check
// What each further unit of a circuit buys: share of the logit difference lost, and kept, by number
// of units, with controls and the same subject's other facts.

import { swatch } from "../chart/lines.js";
import { bdi, faint, fill, h, s } from "../page/dom.js";
import { hideTip, showTip } from "../page/tip.js";
import { axes, BOX, drawn, HEIGHT, reach, scaleOf } from "./plot.js";
import { CONTROLS, conditionOf, line, pointAt, share } from "./buys.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Which} Which */
/** @typedef {import("./types.d.ts").CurvePoint} CurvePoint */
/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} colour
 * @property {string} condition
 * @property {number} fact
 */
/** @typedef {"lost" | "kept"} Measure */

const BESIDE = 330; // pixels from which both charts stand side by side

export class Curves {
  /** @type {Circuit | null} */
  #circuit = null;
  /** @type {Which} */
  #which = "all";
  #size = 0;
  #width = 0;
  #charts = h("div", { class: "kn-buys" });
  #table = h("div", {});
  node = h("div", {}, this.#charts, this.#table);

  /** @param {{ onpick: (n: number) => void }} options */
  constructor({ onpick }) {
    this.onpick = onpick;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - this.#width) < 2) return;
      this.#width = contentRect.width;
      this.#draw();
    }).observe(this.#charts);
  }

  /**
   * @param {Circuit} circuit
   * @param {Which} which
   * @param {number} size
   */
  show(circuit, which, size) {
    this.#circuit = circuit;
    this.#which = which;
    this.#size = size;
    this.#draw();
    const rows = seriesOf(circuit, which).map(one => this.#row(circuit, one));
    const heads = ["units changed", "lost", "kept"].map((words, i) =>
      h("th", { scope: "col", class: i ? "kn-num" : null }, words),
    );
    fill(
      this.#table,
      h(
        "table",
        { class: "kn-buys-table" },
        h("thead", {}, h("tr", {}, ...heads)),
        h("tbody", {}, ...rows),
      ),
    );
  }

  /**
   * @param {Circuit} circuit
   * @param {Series} series
   */
  #row(circuit, { name, colour, condition, fact }) {
    const cell = (/** @type {Measure} */ measure) => {
      const point = pointAt(circuit, condition, measure, fact, this.#size);
      const range =
        point && point.n > 1 ? ` ${share(point.lowest)} to ${share(point.highest)}` : "";
      return h("td", { class: "kn-num" }, h("b", {}, share(point?.share)), faint(range));
    };
    const head = h("th", { scope: "row" }, swatch(colour), " ", bdi(name));
    return h("tr", { "data-condition": condition }, head, cell("lost"), cell("kept"));
  }

  #draw() {
    const circuit = this.#circuit;
    if (!circuit || this.#width < 60) return;
    const isBeside = this.#width >= BESIDE;
    this.#charts.classList.toggle("kn-beside", isBeside);
    const width = isBeside ? (this.#width - 8) / 2 : this.#width;
    const both = /** @type {const} */ (["lost", "kept"]).map(m => this.#chart(circuit, m, width));
    fill(this.#charts, ...both);
  }

  /**
   * @param {Circuit} circuit
   * @param {Measure} measure
   * @param {number} width
   */
  #chart(circuit, measure, width) {
    const all = seriesOf(circuit, this.#which).map(one => ({
      ...one,
      points: line(circuit, one.condition, measure, one.fact).filter(p => p.share !== null),
    }));
    const sizes = [...new Set(all.flatMap(({ points }) => points.map(p => p.n_units)))].sort(
      (a, b) => a - b,
    );
    if (!sizes.length) return h("p", { class: "kn-faint" }, `${measure}: not measured`);
    const scale = scaleOf(sizes, reach(all), width);
    const told = all.map(({ name, points }) => `${name} ${share(points.at(-1)?.share)}`).join(", ");
    const svg = s("svg", {
      class: "kn-plot",
      width,
      height: HEIGHT,
      role: "img",
      "aria-label": `Share ${measure} by number of units; at the most units: ${told}`,
    });
    svg.append(axes(scale, sizes, width));
    for (const one of all.toReversed()) svg.append(...drawn(one.points, one.colour, scale));
    const x = scale.x(this.#size);
    const isIn = this.#size >= sizes[0] && this.#size <= (sizes.at(-1) ?? 0);
    if (isIn)
      svg.append(
        s("line", { class: "kn-marker", x1: x, x2: x, y1: BOX.top, y2: HEIGHT - BOX.bottom }),
      );
    this.#listen(svg, sizes, scale, all);
    return h(
      "figure",
      { class: "kn-chart" },
      h("figcaption", {}, h("span", { class: "kn-chart-title" }, measure)),
      svg,
    );
  }

  /**
   * @param {SVGSVGElement} svg
   * @param {number[]} sizes
   * @param {import("./plot.js").Scale} scale
   * @param {(Series & { points: CurvePoint[] })[]} all
   */
  #listen(svg, sizes, scale, all) {
    const nearest = (/** @type {MouseEvent} */ event) => {
      const x = event.clientX - svg.getBoundingClientRect().left;
      const far = (/** @type {number} */ n) => Math.abs(scale.x(n) - x);
      return sizes.toSorted((a, b) => far(a) - far(b))[0];
    };
    svg.addEventListener("click", event => this.onpick(nearest(event)));
    svg.addEventListener("mouseleave", hideTip);
    svg.addEventListener("mousemove", event => {
      const n = nearest(event);
      const rows = all.flatMap(({ name, points }) => {
        const point = points.find(p => p.n_units === n);
        if (!point) return [];
        const value = h("td", { class: "kn-num" }, share(point.share));
        return [h("tr", {}, h("td", {}, name), value)];
      });
      const words = `${n.toLocaleString("en-US")} ${n === 1 ? "unit" : "units"}`;
      showTip(event.clientX, event.clientY, h("strong", {}, words), h("table", {}, ...rows));
    });
  }
}

/**
 * The circuit first, then the subject's other facts, then the controls.
 *
 * @param {Circuit} circuit
 * @param {Which} which
 * @returns {Series[]}
 */
const seriesOf = ({ fact, others, curves }, which) => {
  const condition = conditionOf(which);
  const own = which === "all" ? "the circuit" : "the specific circuit";
  const names = Object.keys(CONTROLS).filter(name => curves.some(c => c.condition === name));
  return [
    { name: own, colour: "own", condition, fact: fact.fact_id },
    ...others.map(other => ({
      name: `same units, ${fact.subject} → ${other.object}`,
      colour: "ink",
      condition,
      fact: other.fact_id,
    })),
    ...names.map(name => {
      const { name: words, colour } = CONTROLS[name];
      return { name: words, colour, condition: name, fact: fact.fact_id };
    }),
  ];
};
