// @ts-check
// A neuron through training: firing rate, overlap with the final checkpoint, and best concept.

import { byStep } from "../chart/by_step.js";
import { LineChart } from "../chart/lines.js";
import { fill, h, message } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { lastModel, stepNumbers, toStep } from "../page/steps.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";

/** @typedef {import("./training.js").Info} Info */
/**
 * A row of the question `training_neuron`.
 *
 * @typedef {object} StoryRow
 * @property {number} step
 * @property {number | null} firing_rate
 * @property {number | null} final_overlap
 * @property {number | null} auroc
 * @property {number | null} n_prompts with the concept's value
 * @property {string | null} value of its best concept
 */

const NO_CONCEPT = "No significant concept at any step.";

export class NeuronPane {
  /** @type {Info | null} */
  #info = null;
  /** @type {StoryRow[]} */
  #story = [];
  #turns = new Turns();
  #title = h("h2", {}, "A neuron through training");
  #trouble = h("div", {});
  charts = [this.#rate(), this.#overlap(), this.#concept()];
  #body = h(
    "div",
    { class: "kn-charts kn-three", hidden: true },
    ...this.charts.map(chart => chart.node),
  );

  /** @param {HTMLElement} pane */
  constructor(pane) {
    const explore = {
      type: "button",
      class: "kn-sql",
      onclick: () => go({ tab: "explore" }),
    };
    const query = () => {
      const { layer, neuron } = store.state;
      return `FROM neuron_by_step(${modelLiteral()}, ${layer}, ${neuron})`;
    };
    const head = h(
      "div",
      { class: "kn-head" },
      this.#title,
      h("button", explore, "open in Explore"),
      sqlButton(query),
    );
    pane.append(head, this.#trouble, this.#body);
  }

  #rate() {
    return new LineChart({
      title: "Firing rate",
      note: "share of tokens",
      format: percent,
      onpick: toStep,
      data: () => ({
        min: 0,
        series: [
          { name: "firing rate", colour: "own", values: byStep(this.#story, r => r.firing_rate) },
        ],
      }),
    });
  }

  #overlap() {
    return new LineChart({
      title: "Overlap with final checkpoint",
      note: "IoU of top activating prompts",
      format: number,
      onpick: toStep,
      data: () => ({
        min: 0,
        max: 1,
        none: "It has no top activating prompts.",
        series: [
          { name: "overlap", colour: "own", values: byStep(this.#story, r => r.final_overlap) },
        ],
      }),
    });
  }

  #concept() {
    return new LineChart({
      title: "Best concept",
      note: "AUROC of its peaks",
      format: number,
      onpick: toStep,
      data: () => {
        const names = byStep(this.#story, r => r.value);
        const values = byStep(this.#story, r => r.auroc);
        const counts = byStep(this.#story, r => r.n_prompts);
        const words = (/** @type {number} */ i) =>
          `${names[i]} ${number(values[i])} (n = ${integer(counts[i])})`;
        return {
          min: 0.5,
          max: 1,
          none: this.#info?.missing.concepts ?? NO_CONCEPT,
          series: [{ name: "", colour: "own", values, words }],
        };
      },
    });
  }

  /** @param {Info} info */
  reset(info) {
    this.#info = info;
    this.#story = [];
  }

  async load() {
    const { layer, neuron, tab } = store.state;
    const isShown = tab === "training" && store.steps.length > 0;
    if (!isShown || layer === null || neuron === null) return;
    this.#title.textContent = `Layer ${layer} · neuron ${neuron} through training`;
    const isLast = this.#turns.begin();
    const missing = this.#info?.missing.neuron;
    this.#body.hidden = Boolean(missing);
    fill(this.#trouble, missing && message(missing));
    if (missing) return;
    try {
      const asked = { model: lastModel(), layer, neuron };
      const { story } = await remembered("training_neuron", asked);
      if (!isLast()) return;
      this.#story = story;
      for (const chart of this.charts) chart.show(stepNumbers());
    } catch (error) {
      if (!isLast()) return;
      this.#body.hidden = true;
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }
}
