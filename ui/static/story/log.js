// @ts-check
// Strips of the training log, which has more steps than there are checkpoints.

import { StepChart } from "../chart/chart.js";
import { swatch } from "../chart/lines.js";
import { h, s } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { axisTicks } from "../page/scale.js";
import { modelLiteral } from "../page/sql.js";
import { stepNumbers } from "../page/steps.js";
import { STRIP } from "./strips.js";

/** @typedef {{ step: number, loss: number | null, known_trained: number | null, known_held_out: number | null }} LogRow */
/** @typedef {"loss" | "known_trained" | "known_held_out"} Quantity */

const HEIGHT = 42;
const NONE = "This model was not trained in this lake: it has no log.";

/**
 * @param {LogRow[]} log
 * @param {Quantity} name
 * @returns {[number, number][]} step and value, where there is one
 */
export const measured = (log, name) =>
  log.flatMap(row => {
    const value = row[name];
    return value === null ? [] : [/** @type {[number, number]} */ ([row.step, value])];
  });

/**
 * The last value noted at a step or before it.
 *
 * @param {[number, number][]} values by step
 * @param {number} step
 */
export const valueAt = (values, step) => values.findLast(([at]) => at <= step)?.[1] ?? null;

export class LogStrip {
  /** @type {LogRow[]} */
  #log = [];

  /**
   * @param {string} title
   * @param {string} note
   * @param {[Quantity, string, string][]} lines each with its words and colour
   * @param {{ most?: number, format: (value: number) => string }} look
   */
  constructor(title, note, lines, { most, format }) {
    this.lines = lines;
    this.format = format;
    this.most = most;
    this.chart = new StepChart(
      { ...STRIP, title, note, sql: () => `FROM training_losses(${modelLiteral()})` },
      {
        height: () => HEIGHT,
        draw: (svg, box) => this.#draw(svg, box),
        words: i => [
          h("strong", {}, `step ${integer(stepNumbers()[i])}`),
          ...this.#words(i).map(([name, words]) => h("div", {}, `${name} ${words}`)),
        ],
        readout: i =>
          this.#words(i).map(([name, words, colour]) =>
            h("span", { class: "kn-reading" }, swatch(colour), name, " ", h("b", {}, words)),
          ),
        summary: () => `${this.#log.length} rows of the training log by step.`,
      },
    );
    this.node = this.chart.node;
  }

  /** @param {LogRow[]} log */
  show(log) {
    this.#log = log;
    const there = this.lines.some(([name]) => measured(log, name).length);
    this.chart.show(stepNumbers(), there ? null : NONE);
  }

  /** @param {number} i */
  mark(i) {
    this.chart.mark(i);
  }

  /** @param {number} i */
  #words(i) {
    return this.lines.map(([name, words, colour]) => {
      const value = valueAt(measured(this.#log, name), stepNumbers()[i]);
      return [words, value === null ? "–" : this.format(value), colour];
    });
  }

  /**
   * @param {SVGSVGElement} svg
   * @param {import("../chart/chart.js").Box} box
   */
  #draw(svg, { left, inner, top, bottom, scale }) {
    const all = this.lines.map(([name]) => measured(this.#log, name));
    const most = this.most ?? Math.max(1e-9, ...all.flat().map(([, v]) => v));
    const y = (/** @type {number} */ v) => bottom - (v / most) * (bottom - top);
    const grid = s("g", { class: "kn-axis" });
    for (const v of axisTicks(0, most, 2)) {
      const words = this.most ? `${Math.round(100 * v)} %` : String(v);
      grid.append(
        s("line", { x1: left, x2: left + inner, y1: y(v), y2: y(v) }),
        s("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, words),
      );
    }
    svg.append(grid);
    this.lines.forEach(([, , colour], k) => {
      const points = all[k].map(([step, v]) => `${left + scale.place(step) * inner},${y(v)}`);
      svg.append(s("polyline", { class: `kn-line kn-c-${colour}`, points: points.join(" ") }));
    });
  }
}

export const lossStrip = () =>
  new LogStrip("Loss", "nats a token", [["loss", "loss", "grey"]], { format: number });

export const knownStrip = () =>
  new LogStrip(
    "Facts known",
    "of a sample",
    [
      ["known_trained", "trained", "blue"],
      ["known_held_out", "held-out", "orange"],
    ],
    { most: 1, format: percent },
  );
