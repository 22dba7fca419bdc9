// @ts-check
// The neurons that an answer is attributed to: those stored, or those of a live run.

import { fill, h, message } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { JobLine } from "../page/job.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { NeuronGrid } from "./grid.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").Attribution} Attribution */
/** @typedef {import("./grid.js").Cell} Cell */

const NOTHING_STORED = "No attributions stored for this fact. ";

export class AttributionPart {
  #turns = new Turns();
  #grid = new NeuronGrid();
  #note = h("p", { class: "kn-faint" });
  #trouble = h("div", {});
  #running = new JobLine();
  #sql = sqlButton(() => {
    const id = this.subject.fact?.fact.fact_id ?? 0;
    return `FROM fact_attributions(${modelLiteral()}, ${id})`;
  });

  /**
   * @param {Subject} subject
   * @param {import("./runs.js").Run} run runs a question live
   * @param {{ steps: () => number, begin: () => void, done: () => void }} acts steps of the integral,
   *   and what happens when a run begins and when its answer is in `subject`
   */
  constructor(subject, run, acts) {
    this.subject = subject;
    this.run = run;
    this.acts = acts;
    const title = "Neurons by layer";
    this.node = h(
      "section",
      { "aria-label": title },
      h("div", { class: "kn-head" }, h("h3", {}, title), this.#sql),
      this.#note,
      this.#trouble,
      this.#running.node,
      this.#grid.node,
    );
  }

  /** A run under way is of what was on screen before. */
  drop() {
    this.#turns.drop();
    this.#running.cancel();
    this.#sql.hidden = true;
  }

  show() {
    const { fact, live } = this.subject;
    const cells = live ? liveCells(live) : storedCells(fact);
    fill(this.#trouble);
    this.#sql.hidden = Boolean(live) || !fact?.neurons.length;
    this.#note.textContent = cells.length ? gridNote(cells, live) : "";
    this.#grid.node.hidden = !cells.length;
    if (!cells.length) {
      fill(this.#trouble, this.#offer());
      return;
    }
    this.#grid.show({
      cells,
      nLayers: store.atlas?.n_layers ?? 0,
      nPrompts: live ? 1 : this.subject.asked().length,
      set: live ? "in the coarse set" : "knowledge neuron",
    });
  }

  #offer() {
    const attribute = () =>
      this.runLive({
        fact: this.subject.fact?.fact.fact_id,
        fact_prompt: this.subject.promptNumber(),
      });
    const link = h(
      "button",
      { type: "button", class: "kn-link", onclick: attribute },
      "Attribute one prompt live",
    );
    const kind = { class: "kn-message kn-note" };
    return h("p", kind, NOTHING_STORED, link, ".");
  }

  /** @param {object} question a fact with a prompt, or a sentence with its answer */
  async runLive(question) {
    const isLast = this.#turns.begin();
    this.subject.live = null;
    this.#grid.node.hidden = true;
    this.#note.textContent = "";
    fill(this.#trouble);
    this.acts.begin();
    const steps = this.acts.steps();
    const asked = { model: store.state.model, do: "attribute", steps, ...question };
    try {
      const live = await this.#running.show((tell, signal) => this.run(asked, tell, signal));
      if (!isLast()) return;
      this.subject.live = live;
      this.acts.done();
    } catch (error) {
      if (!isLast()) return;
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }
}

/**
 * @param {import("./subject.js").FactAnswer | null} fact
 * @returns {Cell[]}
 */
const storedCells = fact =>
  (fact?.neurons ?? []).map(row => ({ ...row, inSet: row.is_knowledge_neuron }));

/**
 * @param {Attribution} live
 * @returns {Cell[]}
 */
const liveCells = ({ neurons, coarse }) =>
  neurons.map(([layer, neuron, score, activation], i) => {
    return { layer, neuron, score, activation, inSet: i < coarse, share: 1 };
  });

/**
 * @param {Cell[]} cells
 * @param {Attribution | null} live
 */
const gridNote = (cells, live) => {
  const n = cells.filter(c => c.inSet).length;
  if (live) {
    const over = `${integer(live.n_over_floor)} neurons with at least 5 % of the largest score`;
    return `${over}; framed: the ${n} over 20 %. ${completeness(live)}`;
  }
  const over = `${integer(cells.length)} neurons with a score over the floor in any prompt`;
  const full = number(Math.max(...cells.map(c => c.score)));
  return `${over}; framed: its ${n} knowledge neurons. Full colour is ${full}.`;
};

/**
 * Completeness: how nearly the scores of a layer sum to the drop of P(answer) with the layer at 0.
 *
 * @param {Attribution} live
 */
export const completeness = ({ layers, steps, rule }) => {
  const errors = layers
    .filter(({ probability_drop: drop }) => Math.abs(drop) > 1e-6)
    .map(
      ({ attribution_sum: sum, probability_drop: drop }) => Math.abs(sum - drop) / Math.abs(drop),
    )
    .sort((a, b) => a - b);
  if (!errors.length) return "";
  const median = percent(errors[Math.floor(errors.length / 2)]);
  const what = `Completeness: median relative error ${median}`;
  return `${what} (${steps} steps, ${rule} rule).`;
};
