// @ts-check
// Neurons of a circuit that promote the same words.

/** @typedef {import("./types.d.ts").Listed} Listed */
/** @typedef {import("./types.d.ts").Promoted} Promoted */
/** @typedef {{ words: string[], rows: Listed[] }} Group without words: neurons that stand alone */

export const IN_COMMON = 2; // words that make two neurons alike
const NAMED = 4; // words that name a group

/** @param {{ layer: number, unit: number }} row */
export const neuronKey = ({ layer, unit }) => `${layer}.${unit}`;

/**
 * The words of neurons, by layer and neuron: tokens with two letters in a row, without case and
 * blanks, that few neurons have. What a neuron suppresses counts as well, since its value may be
 * below zero.
 *
 * @param {Promoted[]} neurons
 * @param {Set<string>} common tokens that many have
 */
export const wordsBy = (neurons, common) =>
  new Map(
    neurons.map(({ layer, neuron, promoted, suppressed }) => [
      neuronKey({ layer, unit: neuron }),
      new Set(
        [...(promoted ?? []), ...(suppressed ?? [])]
          .filter(token => !common.has(token))
          .map(token => token.trim().toLowerCase())
          .filter(word => /\p{L}{2}/u.test(word)),
      ),
    ]),
  );

/**
 * Rows by groups of neurons each of which has IN_COMMON words with another of its group; the group
 * with the strongest neuron first, those that stand alone last.
 *
 * @param {Listed[]} listed
 * @param {Map<string, Set<string>>} words
 * @returns {Group[]}
 */
export const groupsOf = (listed, words) => {
  const own = (/** @type {Listed} */ row) => words.get(neuronKey(row)) ?? new Set();
  const isAlike = (/** @type {Listed} */ a, /** @type {Listed} */ b) =>
    neuronKey(a) === neuronKey(b) || shared(own(a), own(b)) >= IN_COMMON;
  /** @type {Listed[][]} */
  let groups = [];
  for (const row of listed) {
    const near = groups.filter(group => group.some(one => isAlike(one, row)));
    groups = [...groups.filter(group => !near.includes(group)), [...near.flat(), row]];
  }
  const isGroup = (/** @type {Listed[]} */ rows) => new Set(rows.map(neuronKey)).size > 1;
  const together = groups
    .filter(isGroup)
    .map(rows => ({ words: naming(rows, own), rows: rows.sort(byRank) }))
    .sort((a, b) => byRank(a.rows[0], b.rows[0]));
  const alone = groups.filter(rows => !isGroup(rows)).flat();
  return alone.length > 0 ? [...together, { words: [], rows: alone.sort(byRank) }] : together;
};

/** @param {Listed} a @param {Listed} b */
const byRank = (a, b) => a.rank - b.rank;

/** @param {Set<string>} a @param {Set<string>} b */
const shared = (a, b) => [...a].filter(word => b.has(word)).length;

/**
 * The words that most neurons of a group have, those of the strongest first.
 *
 * @param {Listed[]} rows
 * @param {(row: Listed) => Set<string>} own
 */
const naming = (rows, own) => {
  /** @type {Map<string, Set<string>>} */
  const holders = new Map();
  for (const row of rows) {
    for (const word of own(row)) {
      holders.set(word, (holders.get(word) ?? new Set()).add(neuronKey(row)));
    }
  }
  const several = [...holders].filter(([, neurons]) => neurons.size > 1);
  return several
    .sort(([, a], [, b]) => b.size - a.size)
    .slice(0, NAMED)
    .map(([word]) => word);
};
