// Words for times, terms in the plural, and places of a chart that grows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { meaningOf } from "../../ui/static/page/glossary.js";
import { termPattern, termsIn } from "../../ui/static/page/terms.js";
import { places } from "../../ui/static/training/live_chart.js";

test("a term is found in the singular and the plural, and nothing else is", () => {
  const all = { neuron: "a unit", "knowledge neurons": "of a fact" };
  assert.equal(meaningOf(all, "Neurons"), "a unit");
  assert.equal(meaningOf(all, "knowledge neuron"), "of a fact");
  assert.equal(meaningOf(all, "neuro"), null);
});

test("terms are found in a text: the longest, in the plural, as words of their own", () => {
  const keys = ["p", "p(answer)", "neuron", "knowledge neurons", "prompt (of a fact)", "a, b"];
  const found = (/** @type {string} */ text) =>
    termsIn(termPattern(keys), text).map(({ from, to, key }) => [text.slice(from, to), key]);
  assert.deepEqual(found("Knowledge neurons, two Neurons: neuronal, P(answer), P by p"), [
    ["Knowledge neurons", "knowledge neurons"],
    ["Neurons", "neuron"],
    ["P(answer)", "p(answer)"],
    ["P", "p"],
  ]);
  assert.deepEqual(found("its prompts, prompt_id"), [["prompts", "prompt"]]);
  assert.deepEqual(found("a, b"), []);
});

test("a chart's steps grow to its right edge, its values to its top", () => {
  const at = places(
    [
      [0, 0],
      [100, 0.5],
      [400, 1],
      [400, 7],
    ],
    400,
    1,
  );
  assert.deepEqual(
    at.map(([x]) => x),
    [4, 160, 316, 316],
  );
  assert.equal(at[2][1], at[3][1]); // none leaves the plot
  assert.equal(at[1][1], (at[0][1] + at[2][1]) / 2);
  assert.equal(places([[3, NaN]], 10, 1).length, 0);
});
