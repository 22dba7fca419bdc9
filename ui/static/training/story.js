// @ts-check
// The table of checkpoints: what is known when, and what suppressing does beside its controls.

import { faint, fill, h, message } from "../page/dom.js";
import { change, integer, number } from "../page/format.js";
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
 * @property {Value} known
 * @property {Value} known_taught
 * @property {Value} known_unseen
 * @property {Value} probability
 * @property {Value} decided_layer
 * @property {Value} neurons_per_fact
 * @property {Value} suppress
 * @property {Value} suppress_low
 * @property {Value} suppress_high
 * @property {Value} suppress_random
 * @property {Value} suppress_matched
 * @property {Value} suppress_unrelated
 * @property {Value} suppress_final
 */

const EXPLANATION =
  "Suppressing: mean change of the answers' probability over its mean, when a fact's neurons at " +
  "that step are set to 0 at the answer position, with its 95 % interval over facts; beside it " +
  "the controls. Where P(answer) is next to nothing, so is what changes.";

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
    r => share(r.known),
    "share of the facts asked that are answered right in half of the wordings or more",
  ],
  ["in told wordings", r => share(r.known_taught), "in wordings that training told"],
  ["in new wordings", r => share(r.known_unseen), "in wordings that training never told"],
  ["P(answer)", r => number(r.probability), "mean probability of the answer"],
  [
    "decides at layer",
    r => number(r.decided_layer),
    "from this layer on the lens ranks the answer first; mean over the prompts answered right",
  ],
  ["neurons a fact", r => number(r.neurons_per_fact), "knowledge neurons of a fact, mean"],
  ["suppressing them", suppressed, "the fact's own knowledge neurons at that step"],
  ["random", r => change(r.suppress_random), "as many random neurons"],
  ["equally active", r => change(r.suppress_matched), "neurons with the nearest activations"],
  ["on another fact", r => change(r.suppress_unrelated), "the same neurons, another fact asked"],
  [
    "the last step's",
    r => change(r.suppress_final),
    "the neurons that hold the fact at the last step",
  ],
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
        return `FROM training_story(${modelLiteral()}, relation := ${relation})`;
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
