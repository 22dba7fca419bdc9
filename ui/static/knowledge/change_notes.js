// @ts-check
// The notes beside the table of an intervention.

import { h } from "../page/dom.js";
import { change, number } from "../page/format.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").Effect} Effect */
/** @typedef {"suppress" | "amplify" | "other"} Kind */

/** @type {[string, string][]} */
const CONTROLS = [
  ["random", "random"],
  ["activation_matched", "activation-matched"],
  ["other_fact", "other facts"],
  ["same_subject", "same subject"],
];

/** @param {number} n */
const neuronsWords = n => (n === 1 ? "One neuron" : `${n} neurons`);

/**
 * @param {import("./comparison.js").Row} row
 * @param {Subject} subject
 */
export const storedNote = ({ neurons, factor }, subject) => {
  const chosen = subject.fact?.prompts.find(p => p.prompt === subject.prompt);
  const asked =
    subject.prompt === null
      ? `mean over ${subject.asked().length} prompts`
      : `in “${chosen?.text}”`;
  return `${neuronsWords(neurons)} ×${number(factor)} at the answer position, ${asked}; stored.`;
};

/**
 * Why nothing is stored of a circuit's neurons.
 *
 * @param {Kind} kind
 */
export const notPlaced = kind =>
  kind === "other"
    ? "Of a circuit ×0 and ×2 are stored; the tab Circuit gives any of its units other values."
    : "Its circuit was chosen on this prompt, so that it isn't measured there: choose another, or all prompts.";

/**
 * Of a circuit's neurons.
 *
 * @param {import("./comparison.js").Row} row
 * @param {Subject} subject
 */
export const placedNote = ({ neurons, factor, n }, subject) => {
  const chosen = subject.fact?.prompts.find(p => p.prompt === subject.prompt);
  const asked = subject.prompt === null ? `mean over ${n} prompts` : `in “${chosen?.text}”`;
  return (
    `${neuronsWords(neurons)} ×${number(factor)}, each at the token that it was attributed at, ${asked} ` +
    "that no neuron was chosen on; stored."
  );
};

/**
 * @param {import("./comparison.js").LiveChange} run
 * @param {number} n neurons
 * @param {boolean} isSentence
 */
export const liveNote = (run, n, isSentence) => {
  const prompt = (run.tokens.join("") + run.answer_prefix).trim();
  const asked = isSentence ? "" : `, in “${prompt}”`;
  const samples = run.conditions.find(c => c.condition === "random")?.trials.length;
  const what = `${neuronsWords(n)} ×${number(run.factor)} at the answer position${asked}`;
  return `${what}; run live, with ${samples} random controls.`;
};

/**
 * The same over the whole relation, under its own name; null where that isn't stored.
 *
 * @param {Subject} subject
 * @param {Kind} kind
 */
export const relationPart = ({ fact }, kind) => {
  if (!fact) return null;
  const rows = fact.effects.filter(row => row.kind === kind);
  const by = (/** @type {string} */ condition) => rows.find(row => row.condition === condition);
  const own = by("knowledge_neurons");
  if (!own) return null;
  const controls = CONTROLS.map(([condition, words]) => {
    const row = by(condition);
    return row ? `; ${words} ${effectWords(row)}` : "";
  });
  const title = `The relation ${fact.fact.relation}`;
  return h(
    "section",
    { class: "kn-relation", "aria-label": title },
    h("h3", {}, title),
    h(
      "p",
      { class: "kn-faint" },
      `Change of P(answer) over ${own.n_facts} facts, with 95 % intervals: knowledge neurons `,
      h("b", {}, effectWords(own)),
      ...controls,
      ".",
    ),
  );
};

/** @param {Effect} effect */
const effectWords = ({ relative_change, ci_low, ci_high }) =>
  change(relative_change) + (ci_low === null ? "" : ` (${change(ci_low)} to ${change(ci_high)})`);
