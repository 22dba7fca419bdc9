// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { chance, shown } from "../../ui/static/page/format.js";
import { stepScale } from "../../ui/static/page/scale.js";
import { firstModel } from "../../ui/static/page/steps_of.js";
import { extent, placeOf } from "../../ui/static/story/dots.js";
import { measured, valueAt } from "../../ui/static/story/log.js";
import { controlSeries, signed } from "../../ui/static/story/strips.js";
import { reach } from "../../ui/static/chart/draw_lines.js";
import { otherAnswer } from "../../ui/static/knowledge/notes.js";
import { store } from "../../ui/static/page/store.js";

test("controls are one band, and their line is the largest in size", () => {
  store.steps = [{ step: 8, model: "m@step8" }];
  const row = (/** @type {string} */ condition, /** @type {number} */ log_odds) => ({
    ...{ step: 8, kind: "suppress", condition, log_odds, ci_low: null, ci_high: null },
    ...{ n_neurons: 1, n_prompts: 5, n_sets: 1 },
  });
  const rows = [row("knowledge_neurons", -9), row("random", -0.1), row("activation_matched", 0.7)];
  const [band] = controlSeries(rows);
  assert.deepEqual([band.values, band.low, band.high], [[0.7], [-0.1], [0.7]]);
  assert.equal(band.words?.(0), "+0.70 activation-matched");
  assert.deepEqual(controlSeries(rows.slice(0, 1)), []);
});

test("an axis with a limit ends there, and dots beyond stand at its end", () => {
  const series = [{ name: "a", colour: "own", values: [0.5], low: [-40], high: [3] }];
  assert.deepEqual(reach({ series, limit: [-6, 6] }), [-6, 3]);
  assert.equal(extent([]), 0.5);
  assert.equal(placeOf(0, 2), 60);
  assert.equal(placeOf(99, 2) - 60, 60 - placeOf(-99, 2));
});

test("the log is read at a step by its last row before", () => {
  const log = [0, 50, 100].map(step => {
    return { step, loss: step ? 5 - step / 50 : null, known_trained: null, known_held_out: null };
  });
  const loss = measured(log, "loss");
  assert.deepEqual(loss, [
    [50, 4],
    [100, 3],
  ]);
  assert.deepEqual(
    [0, 60, 999].map(step => valueAt(loss, step)),
    [null, 4, 3],
  );
});

test("any step has a place on the axis of checkpoints", () => {
  const scale = stepScale([0, 9, 99, 999]);
  assert.ok(Math.abs(scale.place(9) - 1 / 3) < 1e-9);
  assert.equal(scale.place(5000), 1);
});

test("probabilities in a column have three decimals", () => {
  assert.deepEqual([0, 0.00001, 0.5, 0.9411, 0.99999, 1, null].map(chance), [
    ...["0.000", "<0.001", "0.500", "0.941", ">0.999", "1.000", "–"],
  ]);
});

test("a token that is a part of a character is not called empty", () => {
  assert.equal(shown(""), "⟨byte⟩");
});

test("a page opens on the last step of a training, if there is one", () => {
  /** @type {[string, number | null][]} */
  const named = [
    ["a", null],
    ["b@step10", 10],
    ["m@step8", 8],
    ["m@step512", 512],
    ["m@step64", 64],
  ];
  const atlases = named.map(([model, step]) => ({ model, step }));
  assert.equal(firstModel(atlases), "m@step512");
  assert.equal(firstModel(atlases.slice(0, 3)), "a");
});

test("an answer that isn't given names what the model says", () => {
  const live = /** @type {any} */ ({
    ...{ rank: 7, probability: 0.002, greedy: false, answer_token: " Spain" },
    top: [[" France", 0.94]],
  });
  assert.equal(
    otherAnswer(live, "Spain"),
    "The model says “␣France” here (P 0.940), not “Spain”: “␣Spain” has rank 7, P 0.002. " +
      "Attributions of so small a probability mean little.",
  );
  assert.equal(otherAnswer({ ...live, greedy: true }, "Spain"), null);
});

test("a change in log-odds has a sign unless it is 0.00", () => {
  assert.deepEqual([-0.004, 0.004, -1.649, 2].map(signed), ["0.00", "0.00", "−1.65", "+2.00"]);
});
