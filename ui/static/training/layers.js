// @ts-check
// Births and deaths of neurons, by layer.

import { LayerStrip } from "../chart/strip.js";
import { faint, fill, h, message } from "../page/dom.js";
import { integer, number } from "../page/format.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { stepNumbers, toStep } from "../page/steps.js";

/** @typedef {import("./training.js").Info} Info */
/** @typedef {(number | null | undefined)[]} Column a step's values by layer */

/** @param {Column} column */
const sum = column => column.reduce((/** @type {number} */ a, b) => a + (b ?? 0), 0);
/** @param {Column} column */
const total = column => integer(sum(column));
/** @param {Column} column */
const mean = column => number(sum(column) / column.length);

export class LayersPane {
  /** @type {Info | null} */
  #info = null;
  #trouble = h("div", {});
  charts = [
    this.#strip("Births", "since the step before", "births", integer, total),
    this.#strip("Deaths", "since the step before", "deaths", integer, total),
    this.#strip("Alive", "neurons", "n_alive", integer, total),
    this.#strip(
      "Overlap with final checkpoint",
      "mean IoU of top activating prompts",
      "mean_final_overlap",
      number,
      mean,
    ),
  ];
  #body = h("div", { class: "kn-charts kn-four" }, ...this.charts.map(chart => chart.node));

  /** @param {HTMLElement} pane */
  constructor(pane) {
    const head = h(
      "div",
      { class: "kn-head" },
      h("h2", {}, "Births and deaths of neurons, by layer"),
      faint("alive: fires on at least 0.1 % of tokens"),
      sqlButton(() => `FROM births_deaths(${modelLiteral()})`),
    );
    pane.append(head, this.#trouble, this.#body);
  }

  /** @param {Info} info */
  show(info) {
    this.#info = info;
    const missing = info.missing.layers;
    fill(this.#trouble, missing && message(missing));
    this.#body.hidden = Boolean(missing);
    if (!missing) for (const chart of this.charts) chart.show(stepNumbers());
  }

  /**
   * @param {string} title
   * @param {string} note
   * @param {keyof Info["layers"]} key
   * @param {(value: number) => string} format
   * @param {(column: Column) => string} reading
   */
  #strip(title, note, key, format, reading) {
    return new LayerStrip({
      title,
      note,
      format,
      onpick: toStep,
      cellWords: v => `${format(v)} ${note}`,
      data: () => {
        const values = this.#info?.layers[key] ?? [];
        const scale = Math.max(...values.flat().map(v => v ?? 0), 1e-9);
        return { values, scale, absent: "no checkpoint before the first", reading };
      },
    });
  }
}
