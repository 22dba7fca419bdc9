// @ts-check
// Milestones of a fact in a model's training, in words and on the axis. Only checkpoints are known, so
// what happened is told as between two of them.

import { integer } from "../page/format.js";

/** @typedef {import("./types.d.ts").Milestones} Milestones */
/** @typedef {{ step: number, words: string }} Mark */

/**
 * The milestones on the axis, first step first; those of one step together.
 *
 * @param {Milestones | null} m
 * @returns {Mark[]}
 */
export const marks = m => {
  if (!m) return [];
  // of the last checkpoint nobody knows what comes after it
  const stay = m.stable === m.last_asked ? "right at the end" : "right from here on";
  /** @type {[number | null, string][]} */
  const all = [
    [m.first_right, m.first_right === m.stable ? stay : "first right"],
    [m.first_held_out, "held-out right"],
    [m.stable === m.first_right ? null : m.stable, stay],
    [m.forgotten, "forgotten"],
  ];
  /** @type {Map<number, string[]>} */
  const by = new Map();
  for (const [step, words] of all) {
    if (step !== null) by.set(step, [...(by.get(step) ?? []), words]);
  }
  return [...by]
    .sort(([a], [b]) => a - b)
    .map(([step, words]) => ({ step, words: words.join(", ") }));
};

/**
 * When the fact was learned, in a few words; null where it was not asked.
 *
 * @param {Milestones | null} m
 */
export const learnedWords = m => {
  if (!m) return null;
  if (m.stable !== null) {
    return m.before_stable === null
      ? `known from step ${integer(m.stable)} on, the first asked`
      : `learned between ${integer(m.before_stable)} and ${integer(m.stable)}`;
  }
  if (m.forgotten !== null) {
    return `forgotten between ${integer(m.before_forgotten)} and ${integer(m.forgotten)}`;
  }
  return `not learned by step ${integer(m.last_asked)}`;
};

/**
 * How many prompts were right at a first time: "3 of 5 trained prompts".
 *
 * @param {Milestones} m
 */
export const rightWords = m =>
  `${m.right_then} of ${m.n_trained} ${m.n_held_out ? "trained " : ""}prompts`;

/** @param {Milestones} m */
export const heldOutWords = m =>
  `${m.right_held_out_then} of ${m.n_held_out} held-out prompt${m.n_held_out === 1 ? "" : "s"}`;

const LETTER = 6.2; // pixels

/**
 * The row of each label, from 0, so that none covers another, and where it begins: labels stand
 * centred over their place and within the width.
 *
 * @param {{ at: number, words: string }[]} labels `at` their places in 0..1, in order
 * @param {number} width in pixels
 */
export const labelRows = (labels, width) => {
  /** @type {number[]} the end of each row's last label */
  const ends = [];
  return labels.map(({ at, words }) => {
    const size = LETTER * words.length + 10;
    const left = Math.max(0, Math.min(width - size, at * width - size / 2));
    let row = ends.findIndex(end => end <= left);
    if (row < 0) row = ends.length;
    ends[row] = left + size;
    return { row, left };
  });
};
