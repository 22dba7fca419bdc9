// @ts-check
// Units chosen for a change, and their names in the address.

import { nodeKey } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Unit} Unit */
/** @typedef {import("./types.d.ts").How} How */
/** @typedef {{ how: How, nodes: string[] }} Change */

/** @type {readonly How[]} */
export const HOW = ["patch", "zero", "mean"];

export const MOST_CHOSEN = 300;
const MOST_LINKED = 40; // units of a change that the address has
const MOST_CHANGES = 6; // and changes

/**
 * What tells one subject from another in the address: the fact, or the sentence with its contrast.
 *
 * @param {Pick<import("../page/types.d.ts").State, "fact" | "own" | "own_answer" | "contrast" | "contrast_answer">} state
 */
export const subjectKey = ({ fact, own, own_answer: answer, contrast, contrast_answer: other }) => {
  if (!own || !contrast) return `f${fact}`;
  let sum = 0;
  for (const letter of [own, answer, contrast, other].join("\n")) {
    sum = (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) | 0;
  }
  return `s${(sum >>> 0).toString(36)}`;
};

/**
 * Changes as the address has them: those of few units, the last ones.
 *
 * @param {string} subject
 * @param {Change[]} changes
 */
export const changesText = (subject, changes) => {
  const small = changes.filter(({ nodes }) => nodes.length <= MOST_LINKED).slice(-MOST_CHANGES);
  if (!small.length) return "";
  return [subject, ...small.map(({ how, nodes }) => `${how}:${nodes.join(",")}`)].join(";");
};

/**
 * The changes that an address asks for; none where they are of another subject, or can't be read.
 *
 * @param {string} text
 * @param {string} subject
 * @returns {Change[]}
 */
export const readChanges = (text, subject) => {
  const [of, ...parts] = text.split(";");
  if (of !== subject) return [];
  return parts.slice(0, MOST_CHANGES).flatMap(part => {
    const [how, names = ""] = part.split(":");
    const nodes = names.split(",");
    const isWhole = nodes.length <= MOST_LINKED && nodes.every(n => /^[nh]\d+\.\d+\.\d+$/.test(n));
    const known = HOW.find(one => one === how);
    return known && isWhole ? [{ how: known, nodes }] : [];
  });
};

/**
 * The units that the slider shows: the first n of the circuit.
 *
 * @param {Unit[]} units
 * @param {number} n
 */
export const firstOf = (units, n) =>
  units
    .filter(unit => unit.rank !== null && unit.rank <= Math.min(n, MOST_CHOSEN))
    .sort((a, b) => Number(a.rank) - Number(b.rank))
    .map(nodeKey);

/**
 * What a click with Shift or Ctrl makes of the chosen ones.
 *
 * @param {string[]} chosen
 * @param {string} node
 */
export const toggled = (chosen, node) =>
  chosen.includes(node) ? chosen.filter(one => one !== node) : [...chosen, node];

/** Whether an event on a unit is meant to choose it, not to open it. */
export const isChoosing = (/** @type {MouseEvent | KeyboardEvent} */ event) =>
  event.shiftKey || event.ctrlKey || event.metaKey;
