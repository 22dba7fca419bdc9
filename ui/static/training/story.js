// @ts-check
// The table of checkpoints: facts known, and the effect of suppression with controls.

import { faint, fill, h, message } from "../page/dom.js";
import { chance, change, integer, number } from "../page/format.js";
import { remembered } from "../page/server.js";
import { literal, modelLiteral, sqlButton } from "../page/sql.js";
import { lastModel, stepNumbers, toStep } from "../page/steps.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";

/** @typedef {import("./training.js").Info} Info */
/** @typedef {import("../page/dom.js").Child} Child */
/** @typedef {number | null} Value */
/**
 * A row of the question `training_story`.
 *
 * @typedef {object} Row
 * @property {number} step
 * @property {number} n_facts asked, 0 where the step was not asked
 * @property {Value} known
 * @property {Value} known_trained
 * @property {Value} known_held_out
 * @property {Value} probability
 * @property {Value} saturation_layer
 * @property {Value} neurons_per_fact
 * @property {Value} suppress
 * @property {Value} suppress_low
 * @property {Value} suppress_high
 * @property {Value} suppress_random
 * @property {Value} suppress_activation_matched
 * @property {Value} suppress_other_fact
 * @property {Value} suppress_final_checkpoint
 */

const EXPLANATION =
  "Suppressed: mean change of P(answer) over its mean, with a fact's knowledge neurons at that step " +
  "at 0 at the answer position, and its 95 % interval over facts; then the controls. Where P(answer) " +
  "is near 0, changes mean little.";

/** @param {Value} v */
const share = v => (v === null ? "–" : `${Math.round(100 * v)} %`);

/** @param {Row} row */
const suppressed = ({ suppress, suppress_low: low, suppress_high: high }) => {
  if (suppress === null) return "–";
  return [
    h("b", {}, change(suppress)),
    low !== null && faint(` ${change(low)} to ${change(high)}`),
  ];
};

/** @type {[string, (row: Row) => Child | Child[], string][]} words, cell, and what it means */
const COLUMNS = [
  ["step", r => integer(r.step), "step"],
  [
    "facts known",
    r => (r.n_facts ? share(r.known) : "not asked"),
    "share of the facts asked of which greedy decoding says the whole object in half of their prompts or more",
  ],
  [
    "known, trained prompts",
    r => share(r.known_trained),
    "known in half or more of the prompts in the training text",
  ],
  [
    "known, held-out prompts",
    r => share(r.known_held_out),
    "known in half or more of the prompts not in the training text",
  ],
  ["P(answer)", r => chance(r.probability), "mean probability of the answer"],
  [
    "first layer at rank 1",
    r => number(r.saturation_layer),
    "first layer from which on the lens ranks the answer first; mean over the prompts that have one",
  ],
  ["neurons per fact", r => number(r.neurons_per_fact), "knowledge neurons, mean over facts"],
  ["suppressed", suppressed, "the fact's knowledge neurons at that step"],
  ["random control", r => change(r.suppress_random), "as many random neurons"],
  [
    "activation-matched control",
    r => change(r.suppress_activation_matched),
    "neurons with the nearest activations",
  ],
  [
    "other-fact control",
    r => change(r.suppress_other_fact),
    "the same neurons, measured on another fact",
  ],
  [
    "final-checkpoint neurons",
    r => change(r.suppress_final_checkpoint),
    "the fact's knowledge neurons at the final checkpoint",
  ],
  ["facts asked", r => integer(r.n_facts), "0: the step was not asked, or asked other facts"],
];

export class StoryPane {
  /** @type {Info | null} */
  #info = null;
  #turns = new Turns();
  #relation = h("select", { "aria-label": "Relation", onchange: () => this.#load() });
  #trouble = h("div", {});
  #table = h("div", {
    class: "kn-checkpoints",
    tabindex: "0",
    role: "region",
    "aria-label": "Checkpoints",
  });

  /** @param {HTMLElement} pane */
  constructor(pane) {
    const head = h(
      "div",
      { class: "kn-head" },
      h("h2", {}, "Checkpoints"),
      h("label", { class: "kn-faint" }, "facts of ", this.#relation),
      sqlButton(() => {
        const relation = literal(this.#relation.value || "all");
        return `FROM training_by_step(${modelLiteral()}, relation := ${relation})`;
      }),
    );
    pane.append(head, this.#trouble, this.#table, h("p", { class: "kn-faint" }, EXPLANATION));
  }

  /** @param {Info} info */
  show(info) {
    this.#info = info;
    const names = info.relations.length ? info.relations : ["all"];
    const words = (/** @type {string} */ name) => (name === "all" ? "all relations" : name);
    fill(this.#relation, ...names.map(name => h("option", { value: name }, words(name))));
    this.#load();
  }

  /** Mark the step on screen. */
  mark() {
    const step = stepNumbers()[store.step];
    for (const row of this.#table.querySelectorAll("tr[data-step]")) {
      const isHere = Number(/** @type {HTMLElement} */ (row).dataset.step) === step;
      row.classList.toggle("kn-here", isHere);
      if (isHere) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    }
  }

  async #load() {
    if (store.state.tab !== "training" || !store.steps.length) return;
    const isLast = this.#turns.begin();
    const { fact, knowledge } = this.#info?.missing ?? {};
    const troubles = [fact, knowledge].filter(words => words !== undefined && words !== "");
    fill(this.#trouble, ...troubles.map(words => message(words)));
    try {
      const asked = { model: lastModel(), relation: this.#relation.value || "all" };
      const { rows } = await remembered("training_story", asked);
      if (!isLast()) return;
      fill(this.#table, rows.length > 0 && checkpoints(rows));
      this.#table.hidden = !rows.length;
      this.mark();
    } catch (error) {
      if (!isLast()) return;
      fill(this.#table, message(/** @type {Error} */ (error).message, "error"));
    }
  }
}

/** @param {Row[]} rows */
const checkpoints = rows => {
  const heads = COLUMNS.map(([words, , title]) => h("th", { scope: "col", title }, words));
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...rows.map(checkpoint)),
  );
};

/** @param {Row} row */
const checkpoint = row => {
  const pick = () => toStep(stepNumbers().indexOf(row.step));
  const label = `Go to step ${row.step}`;
  const [, ...values] = COLUMNS.map(([, cell]) => h("td", {}, ...[cell(row)].flat()));
  const step = h(
    "button",
    { type: "button", class: "kn-link", "aria-label": label },
    integer(row.step),
  );
  const attributes = { "data-step": row.step, onclick: pick };
  return h("tr", attributes, h("th", { scope: "row" }, step), ...values);
};
