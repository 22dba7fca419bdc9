// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import * as format from "../../ui/static/page/format.js";

test("numbers have three digits, and a dash where there is none", () => {
  const numbers = [0, 0.00012, 0.12345, 12.345, 1234.6, -2.5, null, undefined, NaN];
  assert.deepEqual(numbers.map(format.number), [
    "0",
    "1.2e-4",
    "0.123",
    "12.3",
    "1,235",
    "-2.5",
    "–",
    "–",
    "–",
  ]);
});

test("probabilities take three characters", () => {
  assert.deepEqual([0, 0.0049, 0.005, 0.42, 0.994, 0.996, 1].map(format.probability), [
    "<.01",
    "<.01",
    ".01",
    ".42",
    ".99",
    "1.0",
    "1.0",
  ]);
});

test("percentages say when they are small", () => {
  assert.deepEqual([0, 0.00001, 0.005, 0.5].map(format.percent), [
    "0.00 %",
    "<0.01 %",
    "0.50 %",
    "50.0 %",
  ]);
});

test("changes have a sign, and digits where they tell something", () => {
  assert.deepEqual([null, 0, 0.0004, 0.012, -0.5, 12.3].map(format.change), [
    "–",
    "0 %",
    "0 %",
    "+1.2 %",
    "−50 %",
    "+1,230 %",
  ]);
});

test("what prose would swallow is marked", () => {
  assert.equal(format.shown("a\nb\t"), "a↵b⇥");
  assert.equal(format.shown("\u202eabc\u0000"), "⟨202E⟩abc⟨0000⟩");
  assert.equal(format.shown(""), "⟨byte⟩");
});

test("a token that stands alone shows its outer spaces", () => {
  assert.equal(format.quoted("  the end "), "␣␣the end␣");
});

test("lists say how much of them is shown", () => {
  assert.equal(format.listedWords(1, 1, "fact"), "1 fact");
  assert.equal(format.listedWords(2500, 100, "prompt"), "2,500 prompts, 100 listed");
});
