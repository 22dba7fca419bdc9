// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { reach, unbroken } from "../../ui/static/chart/draw_lines.js";
import { axisTicks, stepLabels, stepScale } from "../../ui/static/page/scale.js";

test("steps go from 0 to 1, logarithmically, with room for step 0", () => {
  const scale = stepScale([0, 9, 99, 999]);
  assert.deepEqual([scale.at(0), scale.at(3)], [0, 1]);
  assert.ok(Math.abs(scale.at(1) - 1 / 3) < 1e-9);
  assert.ok(Math.abs(scale.at(2) - 2 / 3) < 1e-9);
});

test("one step alone stands in the middle", () => {
  const scale = stepScale([512]);
  assert.equal(scale.at(0), 0.5);
  assert.deepEqual(scale.cell(0), [0, 1]);
});

test("the nearest step is that whose place is nearest", () => {
  const scale = stepScale([0, 9, 99, 999]);
  assert.deepEqual([-1, 0.1, 0.2, 0.6, 2].map(scale.nearest), [0, 0, 1, 2, 3]);
});

test("cells of a strip share the whole width without gaps", () => {
  const scale = stepScale([0, 1, 10, 1000]);
  const cells = scale.steps.map((_, i) => scale.cell(i));
  assert.equal(cells[0][0], 0);
  assert.equal(cells[3][1], 1);
  for (let i = 1; i < cells.length; i++) assert.equal(cells[i][0], cells[i - 1][1]);
});

test("labels never overlap, and the last has first choice", () => {
  const scale = stepScale([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000]);
  const labelled = stepLabels(scale, 200);
  assert.equal(labelled[0], 12);
  assert.equal(labelled[1], 0);
  assert.ok(labelled.length < scale.steps.length);
  const all = stepLabels(scale, 5000);
  assert.equal(all.length, scale.steps.length);
});

test("ticks are round, within the axis and at most one more than asked for", () => {
  assert.deepEqual(axisTicks(0, 1), [0, 0.5, 1]);
  assert.deepEqual(axisTicks(0, 11, 4), [0, 5, 10]);
  assert.deepEqual(axisTicks(-0.1, 0.1), [-0.1, 0, 0.1]);
  for (const [low, high] of [
    [0, 0.37],
    [3, 1234],
    [-7, -2],
    [0.0001, 0.0003],
  ]) {
    const ticks = axisTicks(low, high);
    assert.ok(ticks.length >= 1 && ticks.length <= 4, `${low} to ${high}: ${ticks}`);
    for (const tick of ticks) assert.ok(tick >= low - 1e-9 && tick <= high + 1e-9);
  }
});

test("an axis reaches to all values and bands, and to what is asked for", () => {
  const series = { name: "", colour: "own", values: [0.2, null, 0.4], low: [0.1], high: [0.7] };
  assert.deepEqual(reach({ series: [series] }), [0.1, 0.7]);
  assert.deepEqual(reach({ series: [series], min: 0, max: 1 }), [0, 1]);
  assert.deepEqual(reach({ series: [series], min: 0.3, max: 0.5 }), [0.1, 0.7]);
});

test("an axis of one value has room on both sides", () => {
  const series = { name: "", colour: "own", values: [3, 3] };
  assert.deepEqual(reach({ series: [series] }), [2.5, 3.5]);
});

test("lines break where nothing was measured", () => {
  assert.deepEqual(unbroken([null, 1, 2, null, null, 3]), [[1, 2], [5]]);
  assert.deepEqual(unbroken([0, 0]), [[0, 1]]);
  assert.deepEqual(unbroken([null]), []);
});
