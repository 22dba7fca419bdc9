// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { headSums, largestWays, total } from "../../ui/static/page/reads.js";

/** @type {import("../../ui/static/page/reads.js").Part} */
const PART = {
  name: "input",
  value: 3.5,
  own: 1,
  biases: 0.5,
  sources: [2, -1, 1],
  heads: [
    [2, -4, 0],
    [0, 3, 1],
  ],
};

test("the largest ways are by size, through a single head from a single token", () => {
  assert.deepEqual(largestWays(PART, 2), [
    { head: 0, source: 1, value: -4 },
    { head: 1, source: 1, value: 3 },
  ]);
  assert.equal(largestWays(PART, 99).length, 4);
  assert.deepEqual(largestWays({ ...PART, heads: [] }, 3), []);
});

test("of each head the sum is told, and where most comes from", () => {
  assert.deepEqual(headSums(PART), [
    { head: 1, source: 1, value: 3, sum: 4 },
    { head: 0, source: 1, value: -4, sum: -2 },
  ]);
});

test("sources sum to what attention gives", () => {
  assert.equal(PART.own + total(PART.sources) + PART.biases, PART.value);
});
