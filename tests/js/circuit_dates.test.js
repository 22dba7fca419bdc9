// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { dateWords } from "../../ui/static/circuit/dates.js";

/** @typedef {import("../../ui/static/circuit/types.d.ts").CircuitDate} CircuitDate */

/** @type {CircuitDate} */
const LOST = {
  measure: "lost",
  n_units: 30,
  step: 512,
  step_before: 256,
  share_then: 0.6,
  n_steps: 16,
  why_none: null,
};
/** @type {CircuitDate} */
const KEPT = { ...LOST, measure: "kept", n_units: 1000, step: null, why_none: "never" };

test("a circuit's date stands between two checkpoints", () => {
  assert.equal(
    dateWords([LOST, KEPT]),
    "30 units take away half of the answer's logit difference first at step 512, not yet at 256 " +
      "(60 % then). 1,000 units keep half of it: at none of 16 steps.",
  );
});

test("where nothing came before, the first step is said to be the first", () => {
  assert.match(
    dateWords([{ ...LOST, step_before: null }]),
    /already at the first step measured, 512/,
  );
});

test("one step, or none, has no date", () => {
  assert.equal(dateWords([{ ...LOST, n_steps: 1 }]), "");
  assert.equal(dateWords([{ ...KEPT, n_steps: 0, why_none: "not measured" }]), "");
  assert.equal(dateWords([]), "");
});
