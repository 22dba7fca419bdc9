// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { decodeNeuron } from "../../ui/static/page/neuron.js";
import { decodePrompt, strongestNeuron } from "../../ui/static/page/prompt.js";
import { packed } from "./pack.js";

// Three tokens and two layers; a sink at position 0 has an outsized activation, layer 1 fires once
// below 0.
const CELLS = [
  [[9, 1000]],
  [[1, 4]],
  [
    [2, 3],
    [5, 1],
  ],
  [],
  [[3, 2]],
  [[7, -8]],
];

/** @param {import("../../ui/static/page/types.d.ts").LensAnswer | null} lens */
const promptAnswer = (lens = null) => {
  const offsets = [0];
  for (const cells of CELLS) offsets.push((offsets.at(-1) ?? 0) + cells.length);
  const all = CELLS.flat();
  return /** @type {import("../../ui/static/page/types.d.ts").PromptAnswer} */ ({
    prompt: { prompt_id: 3, name: null, country: null, is_capital: null, population: null },
    tokens: ["A", "b", "c"],
    sinks: [0],
    n_layers: 2,
    fired: {
      offsets: packed("u4", offsets),
      neuron: packed(
        "u2",
        all.map(([neuron]) => neuron),
      ),
      activation: packed(
        "f4",
        all.map(([, activation]) => activation),
      ),
    },
    lens,
    thresholds: [],
    missing: {},
  });
};

test("what fired is found by position and layer, in its order", () => {
  const prompt = decodePrompt(promptAnswer());
  assert.deepEqual(prompt.fired(1, 0), [
    { neuron: 2, activation: 3, i: 2 },
    { neuron: 5, activation: 1, i: 3 },
  ]);
  assert.deepEqual(prompt.range(1), [2, 4]);
  assert.deepEqual(prompt.fired(1, 1), []);
  assert.equal(prompt.count(1, 0), 2);
  assert.equal(prompt.count(1, 1), 0);
});

test("sinks are left out of full colour and of how many fire", () => {
  const prompt = decodePrompt(promptAnswer());
  assert.equal(prompt.scale(0), 3);
  assert.equal(prompt.scale(1), 8);
  assert.equal(prompt.busy, 2);
});

test("a first token that is no sink counts, a later one that is doesn't", () => {
  const without = decodePrompt({ ...promptAnswer(), sinks: [] });
  assert.equal(without.scale(0), 1000);
  const later = decodePrompt({ ...promptAnswer(), sinks: [2] });
  assert.equal(later.scale(0), 1000);
  assert.equal(later.scale(1), 4);
  assert.equal(later.busy, 2);
});

test("a prompt of nothing but sinks has all its positions", () => {
  const answer = promptAnswer();
  const one = decodePrompt({
    ...answer,
    tokens: ["A"],
    fired: { ...answer.fired, offsets: packed("u4", [0, 1, 2]) },
  });
  assert.equal(one.scale(0), 1000);
  assert.equal(one.busy, 1);
});

test("activations below 0 are noticed", () => {
  assert.equal(decodePrompt(promptAnswer()).negative, true);
});

test("the neuron that stands out is the largest over its layer's scale", () => {
  const prompt = decodePrompt(promptAnswer());
  assert.deepEqual(strongestNeuron(prompt, 2), [1, 7]);
  assert.deepEqual(strongestNeuron(prompt, 1), [0, 2]);
});

test("where nothing fired none stands out", () => {
  const prompt = { nLayers: 2, fired: () => [], scale: () => 1 };
  assert.equal(strongestNeuron(prompt, 0), null);
});

test("the lens gives its likely tokens, without those of probability 0", () => {
  const n = 3 * 2;
  const lens = {
    ranks: 2,
    words: ["x", "y"],
    word: packed(
      "u4",
      Array.from({ length: 2 * n }, (_, i) => i % 2),
    ),
    probability: packed(
      "f4",
      Array.from({ length: 2 * n }, (_, i) => (i % 2 ? 0 : 0.5)),
    ),
    next_probability: packed("f4", [0, 0.25, 0.5, 0, 0, 0]),
    next_rank: packed("u4", [9, 4, 1, 9, 9, 9]),
  };
  const prompt = decodePrompt(promptAnswer(lens));
  assert.deepEqual(prompt.lens?.(0, 1), {
    top: [{ token: "x", probability: 0.5 }],
    nextProbability: 0.25,
    nextRank: 4,
  });
  assert.equal(prompt.lens?.(1, 0).nextRank, 1);
  assert.equal(decodePrompt(promptAnswer()).lens, null);
});

// -- a neuron's activations weighted with attention -------------------------------------------------

/** @param {(number | null)[]} activations */
const neuronAnswer = activations =>
  /** @type {import("../../ui/static/page/types.d.ts").NeuronAnswer} */ ({
    card: null,
    countries: [],
    vocabulary: null,
    top: [],
    sample: [],
    // rows of a lower triangle, in hundredths
    attention: { weights: packed("u1", [100, 60, 40, 20, 30, 50]), activations, unit: 0.01 },
    missing: {},
  });

/** @param {(number | null)[]} values */
const rounded = values => values.map(v => v && Math.round(1e9 * v) / 1e9);

test("a weight is attention times activation, null where it didn't fire or comes later", () => {
  const { weighted } = decodeNeuron(neuronAnswer([2, null, 10]));
  assert.deepEqual(rounded(weighted?.at(2) ?? []), [0.4, null, 5]);
  assert.deepEqual(rounded(weighted?.at(0) ?? []), [2, null, null]);
  assert.equal(weighted?.attention(1, 0), 0.6);
});

test("the sum is over all positions from the source on", () => {
  const { weighted } = decodeNeuron(neuronAnswer([2, 1, null]));
  assert.deepEqual(rounded(weighted?.sum ?? []), [3.6, 0.7, null]);
});

test("without attention nothing is weighted", () => {
  assert.equal(decodeNeuron({ ...neuronAnswer([]), attention: null }).weighted, undefined);
});
