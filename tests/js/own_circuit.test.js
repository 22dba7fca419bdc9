// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  changesText,
  firstOf,
  readChanges,
  subjectKey,
  toggled,
} from "../../ui/static/circuit/chosen.js";
import { unitsCsv } from "../../ui/static/circuit/export.js";
import {
  asCircuit,
  judgeOwn,
  ownNotes,
  subjectIn,
  swapped,
} from "../../ui/static/circuit/own_words.js";

/** @typedef {import("../../ui/static/circuit/types.d.ts").OwnFound} OwnFound */
/** @typedef {import("../../ui/static/circuit/types.d.ts").OwnAnswer} OwnAnswer */
/** @typedef {import("../../ui/static/circuit/types.d.ts").Unit} Unit */

/** @type {OwnAnswer} */
const ANSWER = {
  ...{ words: "Afghanistan", token: " Afghanistan", n_tokens: 1 },
  ...{ given: true, rank: 1, probability: 0.84 },
};

/**
 * @param {number} rank
 * @param {number | null} effect
 * @returns {Unit}
 */
const unit = (rank, effect = 1) => ({
  ...{ kind: "neuron", layer: 3, unit: 100 + rank, position: 0, estimate: 2 / rank },
  ...{ effect, rank, carries: null },
});

/**
 * @param {Partial<OwnFound>} more
 * @returns {OwnFound}
 */
const found = (more = {}) => ({
  prompt: { text: "Kabul is", difference: 4, roles: ["subject last", "last"], tokens: ["Ka", "b"] },
  ...{ subject: "Kabul", other: "Tehran", prefix: "", answer: ANSWER },
  against: { ...ANSWER, words: "Iran", token: " Iran" },
  ...{ n_units: 40, units: [], cells: [], curves: [], is_measured: true, seconds: 1.25 },
  ...{ fact_id: -7, kept: true, not_kept: null, ...more },
});

test("a subject is proposed: the first name that doesn't only begin the sentence", () => {
  assert.equal(subjectIn("The capital of São Paulo is"), "São Paulo");
  assert.equal(subjectIn("Kabul is the capital of"), "Kabul");
  assert.equal(subjectIn("In New York the"), "New York");
  assert.equal(subjectIn("nothing here"), "");
  assert.equal(swapped("Kabul is in $&", "Kabul", "$& x"), "$& x is in $&");
  assert.equal(swapped("Kabul is", "", "x"), "Kabul is");
});

test("a live circuit has the shape of a stored one", () => {
  const units = [unit(2), unit(1, 3), unit(31, null)];
  const curves = [
    { condition: "circuit", measure: /** @type {const} */ ("lost"), n_units: 30, share: 0.5 },
    { condition: "random", measure: /** @type {const} */ ("lost"), n_units: 30, share: 0.01 },
  ];
  const circuit = asCircuit(found({ units, curves }));
  assert.deepEqual(
    circuit.listed.map(row => [row.rank, row.effect]),
    [
      [1, 0.75],
      [2, 0.25],
    ],
  );
  assert.equal(circuit.fact.subject, "Kabul");
  assert.equal(circuit.against[0].object, "Iran");
  const { words } = judgeOwn(circuit, 30);
  assert.match(words, /^30 units lose 50 % of the logit difference, as many random ones 1 %\./);
  assert.match(words, /chosen and measured on this one pair, which flatters them/);
  assert.equal(judgeOwn(circuit, 31).verdict, "unmeasured");
});

test("no answer to carry is said", () => {
  const prompt = { ...found().prompt, difference: -1 };
  const { verdict, words } = judgeOwn(asCircuit(found({ prompt })), 30);
  assert.equal(verdict, "control");
  assert.match(words, /likelier than “␣Afghanistan”: there is nothing for units to carry/);
});

test("what is explained of an answer is said", () => {
  const many = { ...ANSWER, words: "the Netherlands", token: " the", n_tokens: 2, rank: 3 };
  const [first] = ownNotes(found({ answer: many }));
  assert.equal(
    first,
    "“the Netherlands” is 2 tokens: its first, “␣the”, is used, of rank 3 (P .84) after your prompt.",
  );
  const [alike] = ownNotes(found({ answer: many, prefix: " the" }));
  assert.match(alike, /^Both answers begin with “␣the”, which stands behind both prompts/);
  const none = ownNotes(found({ against: { ...ANSWER, given: false } }));
  assert.match(none[1], /^The contrast's answer wasn't given: it is the model's likeliest token/);
});

test("changes come back from the address, of the same subject alone", () => {
  const state = { fact: "7", own: "", own_answer: "", contrast: "", contrast_answer: "" };
  const changes = [
    { how: /** @type {const} */ ("patch"), nodes: ["n1.2.3", "h0.1.4"] },
    {
      how: /** @type {const} */ ("zero"),
      nodes: Array.from({ length: 41 }, (_, i) => `n0.${i}.0`),
    },
  ];
  const text = changesText(subjectKey(state), changes);
  assert.equal(text, "f7;patch:n1.2.3,h0.1.4");
  assert.deepEqual(readChanges(text, "f7"), changes.slice(0, 1));
  assert.deepEqual(readChanges(text, "f8"), []);
  assert.deepEqual(readChanges("f7;melt:n1.2.3;patch:x;patch:", "f7"), []);
  const own = { ...state, own: "Kabul is", contrast: "Tehran is" };
  assert.notEqual(subjectKey(own), subjectKey({ ...own, contrast: "Lima is" }));
  assert.equal(changesText("f7", []), "");
});

test("units are chosen one by one, and as the slider shows them", () => {
  assert.deepEqual(toggled(["n1.2.3"], "n1.2.4"), ["n1.2.3", "n1.2.4"]);
  assert.deepEqual(toggled(["n1.2.3", "n1.2.4"], "n1.2.3"), ["n1.2.4"]);
  const units = [unit(3), unit(1), { ...unit(9), rank: null }, unit(2)];
  assert.deepEqual(firstOf(units, 2), ["n3.101.0", "n3.102.0"]);
});

test("the table has a line for each unit, its token quoted", () => {
  const prompt = { ...found().prompt, tokens: ['a,"b', "c"] };
  const circuit = asCircuit(found({ units: [{ ...unit(5), rank: null }, unit(1, null)], prompt }));
  assert.deepEqual(unitsCsv(circuit).split("\r\n"), [
    "kind,layer,unit,position,token,role,rank,estimate,effect,carries",
    'neuron,3,101,0,"a,""b",subject last,1,2,,',
    'neuron,3,105,0,"a,""b",subject last,,0.4,1,',
    "",
  ]);
});
