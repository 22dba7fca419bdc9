// @ts-check
// The heatmap's pure parts: what cells are judged by, where they are, and the map of all.
import assert from "node:assert/strict";
import test from "node:test";

import { byIndex, inOrder, layout, top, under } from "../../ui/static/explore/cell_rows.js";
import { judge, opacity, rarityWords } from "../../ui/static/explore/judge.js";
import { rankAfter, rankShare, saysSomething } from "../../ui/static/explore/lens_words.js";
import { grid, placeAt, rawSums } from "../../ui/static/explore/overview_grid.js";
import { expectations, surprise } from "../../ui/static/explore/prose.js";
import { marksWords } from "../../ui/static/page/format.js";

/** @typedef {import("../../ui/static/page/prompt.js").Prompt} Prompt */
/** @typedef {import("../../ui/static/page/contributions.js").Contributions} Contributions */

const CELLS = [
  { neuron: 9, activation: 8, i: 0 },
  { neuron: 2, activation: -4, i: 1 },
  { neuron: 5, activation: 2, i: 2 },
];
const prompt = /** @type {Prompt} */ (/** @type {unknown} */ ({ thresholds: [2], scale: () => 9 }));
const data = /** @type {Contributions} */ (
  /** @type {unknown} */ ({ fired: Float32Array.from([0.1, 0.5, -2]), full: { neuron: 1 } })
);
const known = {
  prompt,
  data: null,
  shares: null,
  nPrompts: 200,
  isFolded: () => false,
};
/** @param {import("../../ui/static/explore/judge.js").Judge} by */
const order = by => by.sort(CELLS, 0).map(({ neuron }) => neuron);
/** @param {import("../../ui/static/explore/judge.js").Judge} by */
const shares = by => CELLS.map(cell => Math.round(1e6 * by.share(cell, 0)) / 1e6);

test("cells come by the size of their contribution, and its sign is their colour", () => {
  const by = judge("contribution", { ...known, data });
  assert.equal(by.by, "contribution");
  assert.deepEqual(order(by), [5, 2, 9]);
  assert.deepEqual(shares(by), [0.1, 0.5, -1]);
  assert.equal(by.full, "1 logit");
  assert.match(by.words(CELLS[2], 0), /^−2.00 logit · activation 2 · fires from 2$/);
});

test("until contributions are there cells are raw, and say so", () => {
  const by = judge("contribution", known);
  assert.equal(by.by, "raw");
  assert.deepEqual(order(by), [9, 2, 5]);
});

test("full colour of a raw activation is the same in each prompt of an atlas", () => {
  assert.deepEqual(shares(judge("raw", known)), [1, -0.5, 0.25]);
  const other = /** @type {Prompt} */ ({ ...prompt, scale: () => 1000 });
  assert.deepEqual(shares(judge("raw", { ...known, prompt: other })), [1, -0.5, 0.25]);
});

test("the most unusual come first, always-on ones are folded away", () => {
  const counted = { ...known, shares: [0.5, 0.001, 0.01] };
  const by = judge("unusual", counted);
  assert.deepEqual(order(by), [2, 5, 9]);
  assert.deepEqual(shares(by).map(Math.abs), [0.100343, 1, 0.666667]);
  assert.equal(Math.sign(by.share(CELLS[1], 0)), -1);
  const folding = {
    ...counted,
    isFolded: (/** @type {number} */ _, /** @type {number} */ n) => n === 5,
  };
  assert.deepEqual(order(judge("unusual", folding)), [2, 9]);
  assert.equal(judge("unusual", known).by, "raw");
});

test("how rare a value is is told as a count", () => {
  assert.equal(rarityWords(0.01, 200), "peaks as high in 2 of 200 (1.0 %) prompts");
  assert.equal(rarityWords(0, 200), "peaks as high in no prompt of the atlas");
});

test("small shares can be seen, larger ones are stronger", () => {
  assert.ok(opacity(0.001) > 0.05);
  assert.ok(opacity(-0.5) > opacity(0.2));
  assert.equal(opacity(3), opacity(-1));
});

// -- places -----------------------------------------------------------------------------------------

const GIVEN = { width: 200, room: 600, nLayers: 30, busy: 40, isCoarse: false };

test("30 layers share the room; where there is too little rows keep a height that cuts nothing", () => {
  assert.equal(layout(GIVEN).row, 20);
  assert.equal(layout({ ...GIVEN, room: 200 }).row, 13);
  assert.equal(layout({ ...GIVEN, room: 0 }).row, 13);
});

test("4 layers take several lines of cells, as many as are needed", () => {
  const to = layout({ ...GIVEN, nLayers: 4, busy: 70 });
  assert.equal(to.cell, 7);
  assert.equal(to.lines, 3);
  assert.equal(to.row, 72);
  const placed = inOrder(
    to,
    3,
    Array.from({ length: 99 }, (_, i) => ({ neuron: i, activation: 1, i })),
  );
  assert.equal(placed.length, 84);
  assert.deepEqual([placed[28].x, placed[28].y], [1, to.line]);
});

test("fingers have larger cells", () => {
  const to = layout({ ...GIVEN, isCoarse: true });
  assert.ok(to.cell >= 16);
  assert.ok(to.line >= 22);
});

test("the last layer is at the top", () => {
  const to = layout(GIVEN);
  assert.equal(top(to, 29), 0);
  assert.equal(top(to, 0), 29 * 20);
});

test("by index a neuron has one place, whatever else fired", () => {
  const to = layout(GIVEN);
  const [all, alone] = [byIndex(to, 0, CELLS, 10), byIndex(to, 0, [CELLS[2]], 10)];
  assert.equal(all[2].x, alone[0].x);
  assert.ok(all[1].x < all[2].x && all[2].x < all[0].x);
  assert.ok(all[0].x + 4 <= 200);
});

test("the cell under a place is found, with narrow ones the nearest", () => {
  const to = layout(GIVEN);
  const placed = inOrder(to, 0, CELLS);
  assert.equal(under(placed, placed[1].x + 3, placed[1].y + 5, to.cell, to.line)?.cell.neuron, 2);
  assert.equal(under(placed, 150, placed[1].y + 5, to.cell, to.line), null);
  const ticks = byIndex(to, 0, CELLS, 10);
  assert.equal(under(ticks, ticks[2].x - 3, ticks[2].y + 5, 4, to.row)?.cell.neuron, 5);
  assert.equal(under(ticks, ticks[2].x - 20, ticks[2].y + 5, 4, to.row), null);
});

// -- the map of all ---------------------------------------------------------------------------------

test("500 tokens on 100 columns keep the largest of each, with its sign", () => {
  const value = (/** @type {number} */ position, /** @type {number} */ layer) =>
    position === 203 && layer === 1 ? -7 : 0.5;
  const { columns, values } = grid(value, 500, 2, 100);
  assert.equal(columns, 100);
  assert.equal(values[100 + 40], -7);
  assert.equal(values[40], 0.5);
  assert.equal(grid(value, 30, 2, 100).columns, 30);
});

test("raw sums are in thresholds of the layer", () => {
  const fired = (/** @type {number} */ position, /** @type {number} */ layer) =>
    position === 1 && layer === 1 ? CELLS : [];
  const of = { tokens: ["a", "b"], nLayers: 2, fired, thresholds: [1, 2], scale: () => 1 };
  assert.equal(rawSums(of)(1, 1), 7);
  assert.equal(rawSums(of)(0, 1), 0);
});

test("a place of the map is a token and a layer, the last at the top", () => {
  assert.deepEqual(placeAt(0, 0, 30, 4), { token: 0, layer: 3 });
  assert.deepEqual(placeAt(0.999, 0.999, 30, 4), { token: 29, layer: 0 });
  assert.deepEqual(placeAt(-1, 2, 30, 4), { token: 0, layer: 0 });
});

// -- the lens and the text --------------------------------------------------------------------------

test("rank 1 fills the bar, each tenfold rank takes a fifth", () => {
  assert.equal(rankShare(1), 1);
  assert.ok(Math.abs(rankShare(100) - 0.6) < 1e-9);
  assert.equal(rankShare(0), 0);
  assert.equal(rankShare(10 ** 6), 0.02);
});

test("a likeliest token without a letter, or unlikely, says nothing", () => {
  assert.equal(saysSomething({ token: " France", probability: 0.3 }), true);
  assert.equal(saysSomething({ token: "7", probability: 0.1 }), true);
  assert.equal(saysSomething({ token: " ,\n", probability: 0.9 }), false);
  assert.equal(saysSomething({ token: " France", probability: 0.09 }), false);
  assert.equal(saysSomething(undefined), false);
});

const lens = (/** @type {number} */ position) => ({
  top: [],
  nextProbability: [0.5, 0, 0][position],
  nextRank: 4,
});

test("the rank is that of the live model, else what the atlas tells of the next token", () => {
  const shown = /** @type {const} */ ({ lens: "logit", read: lens });
  const live = /** @type {Contributions} */ (/** @type {unknown} */ ({ lensRank: () => 9 }));
  assert.equal(rankAfter(shown, live, true, 0, 0), 9);
  assert.equal(rankAfter(shown, null, true, 0, 0), 4);
  assert.equal(rankAfter(shown, null, false, 0, 0), null);
  assert.equal(rankAfter({ ...shown, read: null }, null, true, 0, 0), null);
});

test("another lens tells the rank of what follows alone", () => {
  const linear = /** @type {const} */ ({ lens: "linear", read: lens });
  const live = /** @type {Contributions} */ (/** @type {unknown} */ ({ lensRank: () => 9 }));
  assert.equal(rankAfter(linear, live, true, 0, 0), 4);
  assert.equal(rankAfter(linear, live, false, 0, 0), null);
});

test("a token is expected from those before it; of the first nothing is known", () => {
  const shown = /** @type {Prompt} */ (
    /** @type {unknown} */ ({ tokens: ["a", "b", "c"], lens, nLayers: 1 })
  );
  const [first, second, third] = expectations(shown, null);
  assert.equal(first, null);
  assert.ok(Math.abs((second ?? 0) - Math.log(0.5)) < 1e-9);
  assert.ok((third ?? 0) < -60);
  const live = /** @type {Contributions} */ (
    /** @type {unknown} */ ({ logProbability: Float32Array.from([-1, -2, 0]) })
  );
  assert.deepEqual(expectations(shown, live), [null, -1, -2]);
  assert.deepEqual(expectations({ ...shown, lens: null }, null), [null, null, null]);
  assert.deepEqual([surprise(0), surprise(-5), surprise(-99)], [0, 0.5, 1]);
});

test("marks in a token are explained", () => {
  assert.equal(marksWords(" France"), "␣ stands for a space");
  assert.match(marksWords("\n") ?? "", /end of a line/);
  assert.equal(marksWords("France"), null);
});
