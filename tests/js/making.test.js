// @ts-check
// Which steps of the queue make what a button would, and answers that cross.
import assert from "node:assert/strict";
import test from "node:test";

import { act, making, pending } from "../../ui/static/page/making.js";
import { connect } from "../../ui/static/page/server.js";
import { store } from "../../ui/static/page/store.js";

/** @type {[string, number | null][]} */
const ATLASES = [
  ["smollm2-135m", null],
  ["small@step10", 10],
  ["small@step20", 20],
  ["other@step10", 10],
  ["small@main", null],
];
store.atlases = /** @type {any} */ (ATLASES.map(([model, step]) => ({ model, step })));

/**
 * @param {string} name
 * @param {string} what
 * @param {string} model
 */
const step = (name, what, model, trains = "", state = "waiting") =>
  /** @type {any} */ ({ name, what, model, trains, state });

/** @param {any[]} steps */
const queued = steps => {
  making.state = /** @type {any} */ ({ steps });
};

/**
 * @param {import("../../ui/static/page/making.js").What} what
 * @param {string} model
 */
const names = (what, model) => pending(what, model).map(found => found.name);

test("the checkpoints of a training that is queued come by themselves", () => {
  queued([
    step("known", "knowledge", "smollm2-135m"),
    step("train", "training", "smollm2-135m", "small"),
    step("done", "training", "smollm2-135m", "small", "done"),
  ]);
  assert.deepEqual(names("knowledge", "small@step10"), ["train"]);
  assert.deepEqual(names("atlas", "small@step20"), ["train"]);
  assert.deepEqual(names("training", "smollm2-135m"), ["train"]);
  assert.deepEqual(names("knowledge", "other@step10"), []);
  assert.deepEqual(names("knowledge", "small@main"), []);
  assert.deepEqual(names("knowledge", "smollm2-135m"), ["known"]);
  assert.deepEqual(names("demo", "smollm2-135m"), ["known", "train"]);
});

test("what is wished for one step is on its way for the others", () => {
  queued([step("all steps", "knowledge", "small@step10"), step("main", "atlas", "small@main")]);
  assert.deepEqual(names("knowledge", "small@step20"), ["all steps"]);
  assert.deepEqual(names("atlas", "small@step20"), []);
  assert.deepEqual(names("knowledge", "other@step10"), []);
});

test("of two questions that cross the later one's answer stays", async () => {
  /** @type {((answer: string) => void)[]} */
  const waiting = [];
  connect({ making_act: () => new Promise(done => waiting.push(done)) });
  const acts = [act({ act: "resume" }), act({ act: "pause" })];
  const answer = (/** @type {boolean} */ paused) =>
    JSON.stringify({ stamp: "1", making: { paused, steps: [] } });
  waiting[1](answer(true));
  waiting[0](answer(false));
  await Promise.all(acts);
  assert.equal(making.state?.paused, true);
});
