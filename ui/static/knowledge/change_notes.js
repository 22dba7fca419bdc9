// @ts-check
// What an intervention is, in words beside its table.

import { h } from "../page/dom.js";
import { change, number } from "../page/format.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").Effect} Effect */
/** @typedef {"suppress" | "amplify" | "other"} Kind */

/** @type {[string, string][]} */
const CONTROLS = [
  ["random", "random"],
  ["matched", "equally active"],
  ["unrelated", "on another fact"],
];

/** @param {number} n */
const neuronsWords = n => (n === 1 ? "One neuron" : `${n} neurons`);

/**
 * @param {import("./comparison.js").Row} row
 * @param {Subject} subject
 */
export const storedNote = ({ neurons, factor }, subject) => {
  const wording = subject.fact?.wordings.find(w => w.paraphrase === subject.wording);
  const asked =
    subject.wording === null
      ? `mean over ${subject.asked().length} wordings`
      : `in “${wording?.text}”`;
  return `${neuronsWords(neurons)} ×${number(factor)} at the answer position, ${asked}; stored.`;
};

/**
 * @param {import("./comparison.js").LiveChange} run
 * @param {number} n neurons
 * @param {boolean} isSentence
 */
export const liveNote = (run, n, isSentence) => {
  const prompt = (run.tokens.join("") + run.given).trim();
  const asked = isSentence ? "" : `, in “${prompt}”`;
  const drawn = run.controls.find(c => c.control === "random")?.trials.length;
  const what = `${neuronsWords(n)} ×${number(run.factor)} at the answer position${asked}`;
  return `${what}; run live, random ones drawn ${drawn} times.`;
};

/**
 * The same over the whole relation; null where that isn't stored.
 *
 * @param {Subject} subject
 * @param {Kind} kind
 */
export const effectLine = ({ fact }, kind) => {
  if (!fact) return null;
  const rows = fact.effects.filter(row => row.kind === kind);
  const by = (/** @type {string} */ control) => rows.find(row => row.control === control);
  const own = by("refined");
  if (!own) return null;
  const controls = CONTROLS.map(([control, words]) => {
    const row = by(control);
    return row ? `; ${words} ${effectWords(row)}` : "";
  });
  return h(
    "p",
    { class: "kn-faint" },
    `Over ${own.n_facts} facts of ${fact.fact.relation}, with 95 % intervals: own neurons `,
    h("b", {}, effectWords(own)),
    ...controls,
    ".",
  );
};

/** @param {Effect} effect */
const effectWords = ({ ratio, low, high }) =>
  change(ratio) + (low === null ? "" : ` (${change(low)} to ${change(high)})`);
