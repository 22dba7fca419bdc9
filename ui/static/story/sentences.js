// @ts-check
// The story of a fact in a few plain sentences, each linked to its evidence. The order of the argument:
// is it known, which neurons, are they causal, what else do they serve.

import { counted, integer } from "../page/format.js";
import { heldOutWords, rightWords } from "./milestones.js";
import { reason } from "./reasons.js";

/** @typedef {import("./types.d.ts").Story} Story */
/** @typedef {import("./types.d.ts").Milestones} Milestones */
/** @typedef {{ words: string, to: string, step?: number }} Link to a strip, and a step there */
/** @typedef {(string | Link)[]} Sentence */

/**
 * @param {Story} story
 * @returns {Sentence[]}
 */
export const sentences = story => {
  const { milestones, verdicts } = story;
  const why = reason(story);
  if (!milestones) return [];
  return [
    ...known(milestones),
    ...(why ? [] : [holders(story)]),
    ...judged(verdicts.filter(v => v.kind === "suppress")),
    ...(why ? [] : [served(story)]),
  ];
};

/**
 * @param {Milestones} m
 * @returns {Sentence[]}
 */
const known = m => {
  if (m.first_right === null) {
    const asked = `At no checkpoint up to step ${integer(m.last_asked)}`;
    return [
      [{ words: `${asked} does it say the answer`, to: "prompts" }, " in half of its prompts."],
    ];
  }
  const first = {
    words: `says it first at step ${integer(m.first_right)}`,
    to: "prompts",
    step: m.first_right,
  };
  /** @type {Sentence} */
  const one = ["The model ", first, `, in ${rightWords(m)}`];
  if (m.before_right !== null) one.push(`, and not yet at ${integer(m.before_right)}`);
  one.push(".");
  return [one, ...(m.n_held_out ? [heldOut(m)] : []), since(m)];
};

/**
 * @param {Milestones} m
 * @returns {Sentence}
 */
const heldOut = m => {
  if (m.first_held_out === null) {
    const prompts = counted(m.n_held_out, "prompt");
    return [`In ${prompts} that the training text did not have, it never does.`];
  }
  const words = `it does at ${integer(m.first_held_out)}`;
  return [
    "In prompts that the training text did not have, ",
    { words, to: "prompts", step: m.first_held_out },
    `: ${heldOutWords(m)}.`,
  ];
};

/**
 * @param {Milestones} m
 * @returns {Sentence}
 */
const since = m => {
  if (m.stable !== null && m.stable === m.last_asked) {
    const again = m.stable === m.first_right ? "" : "It lost it meanwhile, and is right again: ";
    return [
      `${again}${integer(m.stable)} is the last checkpoint, so whether it stays is not known.`,
    ];
  }
  if (m.stable !== null) {
    const again = m.stable === m.first_right ? "" : "It lost it again meanwhile; ";
    return [
      `${again}${again ? "s" : "S"}ince ${integer(m.stable)} it is right at every checkpoint.`,
    ];
  }
  return [
    { words: `It is forgotten at ${integer(m.forgotten)}`, to: "prompts", step: m.forgotten ?? 0 },
    `: right at ${integer(m.before_forgotten)}, and not at the end.`,
  ];
};

/**
 * @param {Story} story
 * @returns {Sentence}
 */
const holders = ({ neurons }) => {
  const last = Math.max(...neurons.map(n => n.step));
  const own = neurons.filter(n => n.step === last && n.is_knowledge_neuron);
  if (!own.length) {
    return [
      { words: `At step ${integer(last)} no neuron is its knowledge neuron`, to: "neurons" },
      ".",
    ];
  }
  const layers = [...new Set(own.map(n => n.layer))].sort((a, b) => a - b);
  const words = `${counted(own.length, "neuron")} ${own.length === 1 ? "carries" : "carry"} its attribution`;
  const where = `layer${layers.length === 1 ? "" : "s"} ${layers.join(", ")}`;
  return [{ words, to: "neurons", step: last }, ` at step ${integer(last)}, in ${where}.`];
};

/**
 * The two verdicts; the effect that both begin with is told once.
 *
 * @param {Story["verdicts"]} verdicts
 * @returns {Sentence[]}
 */
const judged = verdicts => {
  const of = (/** @type {string} */ claim) => verdicts.find(v => v.claim === claim);
  const [causal, specific] = [of("causal"), of("specific")];
  /** @type {Sentence[]} */
  const found = [];
  if (causal) found.push([{ words: "Do they carry it?", to: "effects" }, ` ${causal.sentence}`]);
  if (!specific || specific.sentence === causal?.sentence) return found;
  const own = "Are they this fact's own?";
  const rest = withoutEffect(specific.sentence);
  found.push([{ words: own, to: "effects" }, ` ${capital(specific.verdict)}. ${capital(rest)}`]);
  return found;
};

/**
 * A verdict's sentence behind its effect, which ends with the number of prompts.
 *
 * @param {string} words
 */
export const withoutEffect = words => words.replace(/^.*?\d+ prompts?\)[,;:]? ?/, "");

/** @param {string} words */
const capital = words => words.charAt(0).toUpperCase() + words.slice(1);

/**
 * @param {Story} story
 * @returns {Sentence}
 */
const served = ({ sharing: shared }) => {
  if (!shared.length) return ["None of them is a knowledge neuron of another attributed fact."];
  const named = shared.slice(0, 2).map(f => `${f.subject} → ${f.object}`);
  const more = shared.length > named.length ? " and others" : "";
  return ["Some of them ", { words: `also serve ${named.join(", ")}${more}.`, to: "near" }];
};
