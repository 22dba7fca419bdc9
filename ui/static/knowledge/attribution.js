// @ts-check
// The neurons that an answer is attributed to: those stored, or those of a live run.

import { fill, h, message } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { NeuronGrid } from "./grid.js";
import { ProgressLine } from "./runs.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").Attribution} Attribution */
/** @typedef {import("./grid.js").Cell} Cell */

const NOTHING_STORED = "Nothing is stored of this fact's neurons here. ";

export class AttributionPart {
  #turns = new Turns();
  #grid = new NeuronGrid();
  #note = h("p", { class: "kn-faint" });
  #trouble = h("div", {});
  #running = new ProgressLine();
  #sql = sqlButton(() => {
    const id = this.subject.fact?.fact.fact_id ?? 0;
    return `FROM fact_neuron_grid(${modelLiteral()}, ${id})`;
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
    this.#running.end();
    this.#sql.hidden = true;
  }

  show() {
    const { fact, live } = this.subject;
    const cells = live ? liveCells(live) : (fact?.neurons ?? []);
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
      nWordings: live ? 1 : this.subject.asked().length,
      set: live ? "among the strongest" : "knowledge neuron",
    });
  }

  #offer() {
    const attribute = () =>
      this.runLive({
        fact: this.subject.fact?.fact.fact_id,
        paraphrase: this.subject.paraphrase(),
      });
    const link = h(
      "button",
      { type: "button", class: "kn-link", onclick: attribute },
      "Attribute it live",
    );
    const kind = { class: "kn-message kn-note" };
    return h("p", kind, NOTHING_STORED, link, " in one wording.");
  }

  /** @param {object} question a fact in a wording, or a sentence with its answer */
  async runLive(question) {
    const isLast = this.#turns.begin();
    this.subject.live = null;
    this.#grid.node.hidden = true;
    this.#note.textContent = "";
    fill(this.#trouble);
    this.acts.begin();
    this.#running.tell({ words: "asking", done: 0, of: 0 });
    const steps = this.acts.steps();
    const asked = { model: store.state.model, do: "attribute", steps, ...question };
    try {
      const live = await this.run(asked, progress => {
        if (isLast()) this.#running.tell(progress);
      });
      if (!isLast()) return;
      this.subject.live = live;
      this.acts.done();
    } catch (error) {
      if (!isLast()) return;
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    } finally {
      if (isLast()) this.#running.end();
    }
  }
}

/**
 * @param {Attribution} live
 * @returns {Cell[]}
 */
const liveCells = ({ neurons, coarse }) =>
  neurons.map(([layer, neuron, score, activation], i) => {
    return { layer, neuron, score, activation, refined: i < coarse, share: 1 };
  });

/**
 * @param {Cell[]} cells
 * @param {Attribution | null} live
 */
const gridNote = (cells, live) => {
  const n = cells.filter(c => c.refined).length;
  if (live) {
    const over = `${integer(live.n_over_floor)} neurons with a score of at least 5 % of the largest`;
    return `${over}; framed: the ${n} over 20 %. ${completeness(live)}`;
  }
  const over = `${integer(cells.length)} neurons with a score over the floor in some wording`;
  const full = number(Math.max(...cells.map(c => c.score)));
  return `${over}; framed: the ${n} that its wordings share. Full colour is ${full}.`;
};

/**
 * How nearly the scores of a layer sum up to what the layer makes of the answer.
 *
 * @param {Attribution} live
 */
export const completeness = ({ layers, steps, rule }) => {
  const gaps = layers
    .filter(({ difference }) => Math.abs(difference) > 1e-6)
    .map(({ total, difference }) => Math.abs(total - difference) / Math.abs(difference))
    .sort((a, b) => a - b);
  if (!gaps.length) return "";
  const median = percent(gaps[Math.floor(gaps.length / 2)]);
  const what = `A layer's scores sum to P − P(layer at 0) within ${median} at the median`;
  return `${what} (${steps} steps, ${rule} rule).`;
};
