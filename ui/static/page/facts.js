// @ts-check
// Facts: which one is shown where none is chosen, and whether the model knows it.

import { notify } from "./address.js";
import { integer, number, probability } from "./format.js";
import { go } from "./navigate.js";
import { ask, remembered } from "./server.js";
import { store } from "./store.js";

/**
 * A row of the question `facts`.
 *
 * @typedef {object} FactRow
 * @property {number} fact_id
 * @property {string} subject
 * @property {string} object
 * @property {string} relation
 * @property {number | null} n_prompts null where the model was not asked
 * @property {number} n_correct
 * @property {boolean} known
 * @property {number} mean_probability
 * @property {number | null} n_neurons
 * @property {boolean} circuit whether it has one
 * @property {boolean} on_demand it was asked on demand
 * @property {number | null} stable the step from which on it was known
 * @property {number | null} before_stable
 * @property {number | null} forgotten the step at which it was forgotten
 * @property {boolean} of_trained these steps are by the prompts of the training text alone
 */

/**
 * When a fact was learned, in a list: between two checkpoints.
 *
 * @param {FactRow} row
 */
export const learnedAt = ({ stable, before_stable: before, forgotten, of_trained: isOf }) => {
  const where = isOf ? " in trained prompts" : "";
  if (typeof forgotten === "number") return `forgotten at ${integer(forgotten)}${where}`;
  if (typeof stable !== "number") return "";
  if (typeof before !== "number") return `known from ${integer(stable)} on${where}`;
  return `learned between ${integer(before)} and ${integer(stable)}${where}`;
};

/** @param {string} text */
export const isFact = text => /^\d{1,9}$/.test(text);

/**
 * The fact that is shown where none was chosen: the first that has knowledge neurons.
 *
 * @param {string | null} model
 * @returns {Promise<number | null>}
 */
export const firstFact = async model => {
  const { rows } = await remembered("facts", { model, text: "", offset: 0, limit: 1 });
  return rows[0]?.fact_id ?? null;
};

/**
 * Why there are no facts.
 *
 * @param {string | null} model
 * @returns {Promise<string>}
 */
export const noFacts = async model => {
  const { missing } = await ask("facts", { model, text: "", offset: 0, limit: 1 });
  return missing ?? "This corpus has no facts.";
};

/**
 * A fact that isn't there is said, and the first one shown instead.
 *
 * @param {string | null} model
 */
export const dropFact = async model => {
  notify(`There is no fact ${store.state.fact} in this corpus; showing another.`);
  const first = await firstFact(model);
  await go({ fact: first === null ? "" : String(first) }, { push: false });
};

/** @param {unknown} error */
export const isNoFact = error => error instanceof Error && /there is no fact/.test(error.message);

/**
 * How the model stands to a fact: a class, words and what the pointer finds.
 *
 * @param {FactRow} row
 */
export const standing = row => {
  if (row.n_prompts === null) {
    return { kind: "kn-unasked", words: "not asked", title: "the model was not asked this fact" };
  }
  const title =
    `correct in ${row.n_correct} of ${row.n_prompts} prompts, ` +
    `mean probability ${number(row.mean_probability)}` +
    (row.n_neurons ? `, ${row.n_neurons} knowledge neurons` : "");
  const p = probability(row.mean_probability);
  return row.known
    ? { kind: "kn-known", words: `known ${p}`, title }
    : { kind: "kn-unknown", words: `not known ${p}`, title };
};
