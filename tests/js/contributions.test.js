// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  decodeTarget,
  fullColour,
  logits,
  ranksByLayer,
} from "../../ui/static/page/contributions.js";
import { openingScore, strongest } from "../../ui/static/page/target.js";
import { packed } from "./pack.js";

// Two tokens, two layers, two heads; what fired: one cell, two, none, one.
const PROMPT = {
  tokens: ["A", " b"],
  nLayers: 2,
  sinks: [0],
  lens: null,
  /** @type {(position: number) => [number, number]} */
  range: position => [[0, 3][position], [3, 4][position]],
  /** @type {import("../../ui/static/page/prompt.js").Prompt["fired"]} */
  fired: (position, layer) =>
    [
      [[0], [1, 2]],
      [[], [3]],
    ][position][layer].map(i => ({ neuron: i, activation: 1, i })),
};

/** @type {import("../../ui/static/page/prompt.js").Prompt["lens"]} */
const lens = (position, layer) => ({
  top: [],
  nextProbability: [0.25, 0][position],
  nextRank: 10 * position + layer,
});

/** @param {Partial<import("../../ui/static/page/contributions.js").TargetAnswer>} other */
const answer = (other = {}) => ({
  target_words: [" b", null],
  against_words: null,
  logit: packed("f4", [9, 0]),
  probability: packed("f4", [0.5, 0]),
  rank: packed("u4", [1, 0]),
  lens_rank: packed("u4", [7, 1, 0, 0]),
  text_log_probability: packed("f4", [-0.69, 0]),
  fired: packed("f4", [900, 2, -3, 0.5]),
  mlp: packed("f4", [100, 200, 1, -2]),
  attention: packed("f4", [10, 20, 0.5, -0.25]),
  heads: packed("f4", [4, 6, 8, 12, 0.25, 0.25, -1, 0.75]),
  embedding: packed("f4", [1, 2]),
  biases: packed("f4", [3, 4]),
  n_heads: 2,
  ...other,
});

test("contributions are found by token, layer and head, and summed over layers", () => {
  const data = decodeTarget(answer(), PROMPT);
  assert.equal(data.layer(0, 1), 220);
  assert.equal(data.layer(1, 1), -2.25);
  assert.equal(data.sum(1), 1.5 - 2.25);
  assert.equal(data.head(1, 1, 0), -1);
  assert.equal(data.head(0, 0, 1), 6);
  assert.deepEqual([data.lensRank?.(0, 0), data.lensRank?.(0, 1)], [7, 1]);
  assert.deepEqual([...data.fired], [900, 2, -3, 0.5]);
});

test("full colour is 1, 3, 10 and so on, and sinks don't count", () => {
  const { full } = decodeTarget(answer(), PROMPT);
  assert.deepEqual(full, { neuron: 1, head: 1, layer: 3 });
  const { full: all } = decodeTarget(answer(), { ...PROMPT, sinks: [] });
  const folded = decodeTarget(answer(), { ...PROMPT, sinks: [] }, (_, neuron) => neuron === 0);
  assert.equal(folded.full.neuron, 3);
  assert.deepEqual(all, { neuron: 1000, head: 30, layer: 300 });
});

test("full colour stays where values differ less than threefold", () => {
  assert.equal(fullColour([0.2, -0.9]), 1);
  assert.equal(fullColour([0.4]), 1);
  assert.equal(fullColour([1, 0]), 1);
  assert.equal(fullColour([-1.5]), 3);
  assert.equal(fullColour([0.011]), 0.03);
  assert.equal(fullColour([]), 1);
  assert.equal(fullColour([0, 0]), 1);
  assert.equal(fullColour([NaN]), 1);
});

test("one outsized value in a thousand pales nothing", () => {
  const values = Array.from({ length: 2000 }, () => 0.5);
  assert.equal(fullColour([...values, 500]), 1);
});

test("an answer of another prompt is refused", () => {
  const other = answer({ fired: packed("f4", [1, 2, 3]) });
  assert.throws(() => decodeTarget(other, PROMPT), /another prompt/);
  assert.throws(() => decodeTarget(answer({ n_heads: 3 }), PROMPT), /another prompt/);
});

test("contributions are told with their sign, and small ones not as nothing", () => {
  assert.equal(logits(1.42), "+1.42 logit");
  assert.equal(logits(-0.3), "−0.30 logit");
  assert.equal(logits(0.004), "+<0.01 logit");
  assert.equal(logits(-0.0001), "−<0.01 logit");
  assert.equal(logits(0), "0 logit");
  assert.equal(logits(123.4), "+123 logit");
});

test("the strongest neuron is the one that adds most, not the largest against it", () => {
  const cells = [[{ neuron: 4, activation: 1, i: 0 }], [{ neuron: 7, activation: 1, i: 1 }]];
  const prompt = {
    nLayers: 2,
    fired: (/** @type {number} */ _, /** @type {number} */ l) => cells[l],
  };
  const at = (/** @type {number[]} */ fired) =>
    strongest(prompt, { fired: Float32Array.from(fired) }, 0);
  assert.deepEqual(at([1, -5]), { layer: 0, neuron: 4 });
  assert.deepEqual(at([1, 2]), { layer: 1, neuron: 7 });
  assert.equal(strongest({ nLayers: 1, fired: () => [] }, { fired: new Float32Array() }, 0), null);
});

test("a prompt opens on what the model says, the largest sum of it", () => {
  const data = {
    sum: (/** @type {number} */ position) => [5, 9, 7, 8][position],
    rank: Uint32Array.from([1, 11, 10, 0]),
  };
  const score = openingScore(data);
  const order = [0, 1, 2, 3].sort((a, b) => score(b) - score(a));
  assert.deepEqual(order, [2, 0, 1, 3]);
});

test("of what really follows the atlas' own lens tells what wasn't asked for", () => {
  const data = decodeTarget(answer({ lens_rank: null }), { ...PROMPT, lens });
  assert.deepEqual([...data.rank], [1, 11]);
  assert.deepEqual([...data.probability], [0.25, 0]);
  assert.equal(data.lensRank?.(0, 0), 0);
  assert.ok(Math.abs(data.logProbability[0] - Math.log(0.25)) < 1e-6);
});

test("of another target, and where there is no lens, the model does; its ranks come later", () => {
  for (const data of [
    decodeTarget(answer({ lens_rank: null }), { ...PROMPT, lens }, () => false, false),
    decodeTarget(answer({ lens_rank: null }), PROMPT),
  ]) {
    assert.deepEqual([...data.rank], [1, 0]);
    assert.deepEqual([...data.probability], [0.5, 0]);
    assert.equal(data.lensRank, null);
  }
  assert.equal(ranksByLayer(answer(), PROMPT)?.(0, 1), 1);
});
