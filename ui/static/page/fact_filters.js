// @ts-check
// What a list of facts is narrowed to: a relation, whether the model knows them, when it learned them.

import { fill, h } from "./dom.js";
import { integer } from "./format.js";

/** @typedef {{ relations?: string[], learned_at?: number[] }} There what there is to choose */

/** @type {[string, string][]} */
const KNOWN = [
  ["", "known or not"],
  ["neurons", "with neurons"],
  ["known", "known"],
  ["not known", "asked, not known"],
  ["not asked", "not asked"],
];

export class FactFilters {
  #relation = this.#select("Relation");
  #known = this.#select("Known");
  #learned = this.#select("Step learned");
  node = h("div", { class: "kn-filters" }, this.#relation, this.#known, this.#learned);

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
    options(this.#known, KNOWN);
    this.show({});
  }

  /** @param {string} label */
  #select(label) {
    return h("select", { "aria-label": label, onchange: () => this.onchange() });
  }

  /** What is asked besides the text. */
  chosen() {
    const [relation, known, learned] = [this.#relation, this.#known, this.#learned].map(
      select => select.value,
    );
    return {
      ...(relation && { relation }),
      ...(known && { known }),
      ...(learned && { learned: Number(learned) }),
    };
  }

  isSet() {
    return Object.keys(this.chosen()).length > 0;
  }

  /** @param {There} there */
  show({ relations = [], learned_at: steps = [] }) {
    options(this.#relation, [["", "all relations"], ...relations.map(pair)]);
    options(this.#learned, [["", "learned at any step"], ...steps.map(stepWords)]);
    this.#learned.hidden = !steps.length;
  }
}

/** @type {(name: string) => [string, string]} */
const pair = name => [name, name];

/** @type {(step: number) => [string, string]} */
const stepWords = step => [
  String(step),
  step < 0 ? "forgotten again" : `known from ${integer(step)} on`,
];

/**
 * Give a list its choices; what was chosen stays.
 *
 * @param {HTMLSelectElement} select
 * @param {[string, string][]} choices
 */
const options = (select, choices) => {
  const { value } = select;
  fill(select, ...choices.map(([choice, words]) => h("option", { value: choice }, words)));
  select.value = choices.some(([choice]) => choice === value) ? value : "";
};
