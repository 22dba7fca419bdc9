// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { asking, lasting } from "../../ui/static/page/asked_words.js";

const MEANS = { missing: null, damaged: null, n_steps: 16, seconds: null, keeps: true };

test("a button tells the time once a checkpoint was asked", () => {
  assert.deepEqual(asking(MEANS, ["one", "all"]), [
    { steps: "one", words: "Ask it now" },
    { steps: "all", words: "Ask it at all 16 steps" },
  ]);
  assert.deepEqual(
    asking({ ...MEANS, seconds: 4.2 }, ["one", "all"]).map(b => b.words),
    ["Ask it now (about 4 s)", "Ask it at all 16 steps (about 67 s)"],
  );
});

test("a model of one moment is asked once", () => {
  assert.deepEqual(
    asking({ ...MEANS, n_steps: 1 }, ["one", "all"]).map(b => b.steps),
    ["one"],
  );
  assert.deepEqual(
    asking(MEANS, ["all"]).map(b => b.steps),
    ["all"],
  );
});

test("times are told in what they are counted in", () => {
  assert.equal(lasting(0.2), "about 1 s");
  assert.equal(lasting(89), "about 89 s");
  assert.equal(lasting(150), "about 3 minutes");
});
