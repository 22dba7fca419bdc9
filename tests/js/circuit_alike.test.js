// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { groupsOf, wordsBy } from "../../ui/static/circuit/alike.js";

/**
 * @param {number} rank
 * @param {number} layer
 * @param {number} unit
 * @param {number} position
 * @returns {import("../../ui/static/circuit/types.d.ts").Listed}
 */
const row = (rank, layer, unit, position = 2) => ({
  ...{ kind: /** @type {const} */ ("neuron"), rank, layer, unit, position, score: 1, effect: null },
  ...{ effect_subject: null, effect_answer: null, effect_relation: null, effect_frame: null },
  carries: null,
});

/**
 * @param {number} layer
 * @param {number} neuron
 * @param {string[]} promoted
 * @param {string[] | null} suppressed
 */
const words = (layer, neuron, promoted, suppressed = null) => ({
  ...{ layer, neuron, promoted, suppressed },
});

test("neurons with two words in common stand together, whichever side the words are on", () => {
  const neurons = [
    words(3, 1, [" Zhang", " Wang", " 1"]),
    words(5, 2, [" Paris", " France"]),
    words(9, 7, [" oak"], ["wang", " zhang"]),
    words(9, 8, [" Paris", " Zhang"]),
  ];
  const listed = [row(1, 5, 2), row(2, 3, 1), row(3, 9, 8), row(4, 9, 7)];
  const groups = groupsOf(listed, wordsBy(neurons, new Set()));
  assert.deepEqual(
    groups.map(group => group.rows.map(one => one.rank)),
    [
      [2, 4],
      [1, 3],
    ],
  );
  assert.deepEqual(groups[0].words, ["zhang", "wang"]);
  assert.deepEqual(groups[1].words, [], "one word in common is none");
});

test("one neuron at two tokens is no group, and keeps together in one", () => {
  const neurons = [words(1, 1, ["aa", "bb"]), words(2, 2, ["bb", "aa"])];
  const twice = [row(1, 1, 1, 2), row(2, 1, 1, 3)];
  assert.deepEqual(
    groupsOf(twice, wordsBy(neurons, new Set())).map(group => group.words),
    [[]],
  );
  const [group] = groupsOf([...twice, row(3, 2, 2)], wordsBy(neurons, new Set()));
  assert.deepEqual([group.rows.length, group.words], [3, ["aa", "bb"]]);
});

test("what many neurons promote makes none alike", () => {
  const neurons = [words(1, 1, [" Intf", " oak", "elm"]), words(2, 2, [" Intf", "oak", " fir"])];
  const listed = [row(1, 1, 1), row(2, 2, 2)];
  const names = (/** @type {string[]} */ common) =>
    groupsOf(listed, wordsBy(neurons, new Set(common))).map(group => group.words);
  assert.deepEqual(names([]), [["intf", "oak"]]);
  assert.deepEqual(names([" Intf"]), [[]]);
});

test("chains are one group, the group with the strongest neuron first", () => {
  const neurons = [
    words(0, 0, ["xx", "yy"]),
    words(1, 1, ["aa", "bb"]),
    words(2, 2, ["bb", "aa", "cc", "dd"]),
    words(3, 3, ["cc", "dd"]),
    words(4, 4, ["yy", "xx"]),
  ];
  const listed = [row(5, 3, 3), row(4, 2, 2), row(2, 1, 1), row(1, 0, 0), row(6, 4, 4)];
  const groups = groupsOf(listed, wordsBy(neurons, new Set()));
  assert.deepEqual(
    groups.map(group => group.rows.map(one => one.rank)),
    [
      [1, 6],
      [2, 4, 5],
    ],
  );
});
