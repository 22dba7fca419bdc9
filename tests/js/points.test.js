// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { thinned } from "../../ui/static/map/choice.js";
import { layOut } from "../../ui/static/points/labels.js";
import { dotSize, shuffled } from "../../ui/static/points/pixels.js";
import { decodePoints, finder, plainFinder } from "../../ui/static/points/points.js";
import { decodePlaces, moveBetween } from "../../ui/static/points/step_places.js";
import * as views from "../../ui/static/points/view.js";
import { packed } from "./pack.js";

/** Numbers that look random and are the same in every run. */
const random = () => {
  let seed = 7;
  return () => (seed = (Math.imul(seed, 48271) >>> 0) % 2147483647) / 2147483647;
};

test("points come in 0..1 with y downwards, and go back to the tables' places", () => {
  const points = decodePoints({
    kind: "prompts",
    n: 2,
    left: -10,
    top: -20,
    size: 40,
    x: packed("u2", [0, 65535]),
    y: packed("u2", [0, 65535]),
    prompt: packed("u4", [1, 0xffffffff]),
    prompts: { ids: [5, 9], names: ["A", null], country: [0, 1] },
    countries: [
      { name: "Japan", continent: "Asia" },
      { name: "Peru", continent: null },
    ],
    labels: [
      {
        cluster: 3,
        n: 2,
        label: "x",
        x: 10,
        y: 0,
        terms: [],
        term_shares: [],
        term_shares_elsewhere: [],
      },
    ],
  });
  assert.deepEqual([...points.x], [0, 1]);
  assert.deepEqual([...points.y], [1, 0]);
  assert.deepEqual(points.toData(points.x[0], points.y[0]), [-10, -20]);
  assert.deepEqual([points.promptId(0), points.name(0), points.country(0)], [9, null, "Peru"]);
  assert.deepEqual([points.promptId(1), points.name(1), points.country(1)], [null, null, null]);
  assert.equal(points.labels.get(3)?.x, 0.5);
  assert.equal(points.labels.get(3)?.y, 0.5);
});

test("the grid finds the same nearest point as looking at each", () => {
  const next = random();
  const x = Float32Array.from({ length: 500 }, next);
  const y = Float32Array.from({ length: 500 }, next);
  const [quick, plain] = [finder(x, y), plainFinder(x, y)];
  for (let k = 0; k < 200; k++) {
    const [px, py, reach] = [1.2 * next() - 0.1, 1.2 * next() - 0.1, 0.2 * next()];
    assert.equal(quick(px, py, reach), plain(px, py, reach));
  }
  assert.equal(quick(5, 5, 0.1), -1);
});

test("a view's coordinates go to the screen and back", () => {
  const size = { width: 800, height: 500 };
  const view = { x: 0.2, y: 0.1, zoom: 3 };
  const [x, y] = views.fromScreen(view, size, views.toScreen(view, size, [0.4, 0.6]));
  assert.ok(Math.abs(x - 0.4) < 1e-12 && Math.abs(y - 0.6) < 1e-12);
});

test("the whole view shows all points", () => {
  const size = { width: 800, height: 500 };
  const view = views.wholeView(size, [1, 0.5]);
  for (const place of /** @type {[number, number][]} */ ([
    [0, 0.25],
    [1, 0.75],
  ])) {
    const [px, py] = views.toScreen(view, size, place);
    assert.ok(px >= 0 && px <= 800 && py >= 0 && py <= 500, `${px} ${py}`);
  }
});

test("what is under the pointer stays there while zooming, within limits", () => {
  const size = { width: 640, height: 640 };
  /** @type {[number, number]} */
  const at = [100, 400];
  const view = views.wholeView(size, [1, 1]);
  const before = views.fromScreen(view, size, at);
  const after = views.fromScreen(views.zoomed(view, size, 4, at), size, at);
  assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-12);
  assert.equal(views.zoomed(view, size, 1e9, at).zoom, 200);
  assert.equal(views.zoomed(view, size, 1e-9, at).zoom, 0.3);
});

test("a shift moves what is seen by so many pixels", () => {
  const size = { width: 640, height: 480 };
  const view = views.wholeView(size, [1, 1]);
  const before = views.toScreen(view, size, [0.5, 0.5]);
  const after = views.toScreen(views.shifted(view, size, 30, -20), size, [0.5, 0.5]);
  assert.ok(Math.abs(after[0] - before[0] - 30) < 1e-9);
  assert.ok(Math.abs(after[1] - before[1] + 20) < 1e-9);
});

test("points are drawn in a mixed order that has each once", () => {
  const order = shuffled(1000);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...Array(1000).keys()],
  );
  assert.notDeepEqual([...order], [...Array(1000).keys()]);
  assert.deepEqual(order, shuffled(1000));
});

test("dots get smaller in a crowd, and are never gone", () => {
  assert.equal(dotSize(100, 3), 3);
  assert.ok(dotSize(100_000, 8) < 8);
  assert.equal(dotSize(10_000_000, 3), 2);
});

test("labels don't overlap, the first has first choice, none leaves the screen", () => {
  const labels = [
    { label: "first", x: 100, y: 100 },
    { label: "under the first", x: 104, y: 104 },
    { label: "elsewhere", x: 300, y: 200 },
    { label: "over the edge", x: 398, y: 100 },
  ];
  const width = (/** @type {string} */ words) => 6 * words.length;
  const laid = layOut(labels, width, (x, y) => [x, y], [400, 300]);
  assert.deepEqual(
    laid.map(({ words }) => words),
    ["first", "elsewhere"],
  );
});

test("a long label is cut", () => {
  const label = { label: "fire on the name of a very large city, by the sea", x: 300, y: 100 };
  const [{ words }] = layOut(
    [label],
    () => 100,
    (x, y) => [x, y],
    [600, 300],
  );
  assert.ok(words.length <= 34 && words.endsWith("…"), words);
});

test("a lasso keeps its shape with few corners", () => {
  const circle = Array.from(
    { length: 500 },
    (_, i) => /** @type {[number, number]} */ ([Math.cos(i / 80), Math.sin(i / 80)]),
  );
  const corners = thinned(circle);
  assert.ok(corners.length <= 48 && corners.length > 40);
  assert.deepEqual(corners[0], circle[0]);
  assert.deepEqual(thinned(circle.slice(0, 5)), circle.slice(0, 5));
});

test("places of a step are by neuron, NaN for those that aren't on the map", () => {
  const places = decodePlaces({
    n: 2,
    silent: 4,
    n_layers: 2,
    n_neurons: 3,
    extent: [1, 1],
    layer: packed("u2", [1, 0]),
    neuron: packed("u2", [2, 0]),
    x: packed("u2", [65535, 0]),
    y: packed("u2", [65535, 0]),
  });
  assert.deepEqual([...places.x], [0, NaN, NaN, NaN, NaN, 1]);
  assert.deepEqual([...places.y], [1, NaN, NaN, NaN, NaN, 0]);
});

test("points move; those that come or leave do so at once", () => {
  const into = new Float32Array(3);
  moveBetween(Float32Array.of(0, NaN, 1), Float32Array.of(1, 0.5, NaN), 0.25, into);
  assert.deepEqual([...into], [0.25, 0.5, NaN]);
});
