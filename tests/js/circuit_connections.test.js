// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { earlierKey, laterKey, strengthOf } from "../../ui/static/circuit/edges.js";
import { mainSource, sizeOfHead } from "../../ui/static/circuit/head_words.js";
import { everywhere, knockoutWords, windowsOf } from "../../ui/static/circuit/knockout.js";

/** @typedef {import("../../ui/static/circuit/types.d.ts").Edge} Edge */
/** @typedef {import("../../ui/static/circuit/types.d.ts").Head} Head */
/** @typedef {import("../../ui/static/circuit/types.d.ts").Knockout} Knockout */

/**
 * @param {number} score
 * @param {Partial<Edge>} more
 * @returns {Edge}
 */
const edge = (score, more = {}) => ({
  ...{ earlier_kind: "neuron", earlier_layer: 1, earlier_unit: 7, earlier_position: 2 },
  ...{ later_kind: "head", later_layer: 3, later_unit: 0, later_position: 5 },
  ...{ score, effect: null, ...more },
});

test("an edge's ends are the units' keys, and the answer is none", () => {
  assert.equal(earlierKey(edge(1)), "n1.7.2");
  assert.equal(laterKey(edge(1)), "h3.0.5");
  assert.equal(laterKey(edge(1, { later_kind: "answer", later_unit: -1 })), null);
});

test("strength is beside the strongest, whatever its sign", () => {
  const edges = [edge(-4), edge(1)];
  assert.deepEqual(edges.map(strengthOf(edges)), [1, 0.5]);
  assert.equal(strengthOf([])(edge(0)), 0);
});

/**
 * @param {number[]} relevance by source
 * @param {number | null} effect
 * @returns {Head}
 */
const head = (relevance, effect = null) => ({
  ...{ layer: 3, head: 0, position: relevance.length - 1, written: 0, estimate: null, lost: null },
  effect,
  sources: relevance.map((value, i) => ({
    ...{ source_position: i, weight: 0.1, direct: 0, relevance: value },
  })),
});

test("a head's source is the other token that gives most, none where its own does", () => {
  assert.equal(mainSource(head([0.1, -0.5, 0.2]))?.source_position, 1);
  assert.equal(mainSource(head([0.1, 0.2, 0.9])), null);
  assert.equal(sizeOfHead(head([0.5, 0.25])), 0.75);
  assert.equal(sizeOfHead(head([0.5, 0.25], -2)), -2);
});

/**
 * @param {number} first
 * @param {number} last
 * @param {number} lost
 * @param {string} to
 * @returns {Knockout}
 */
const cut = (first, last, lost, to = "subject") => ({
  ...{ from_role: "last", to_role: to, first_layer: first, last_layer: last, head: -1 },
  ...{ position: 5, difference_before: 4, difference_after: 4 * (1 - lost), lost },
});

test("windows stand at the layer in their middle, cut ones too", () => {
  const rows = [cut(0, 1, 0.1), cut(0, 2, 0.2), cut(1, 3, 0.6), cut(2, 4, 0.4), cut(3, 4, 0.3)];
  const all = [...rows, cut(0, 4, 0.9), cut(0, 4, 0.05, "other")];
  const windows = windowsOf(all, "subject", 5);
  assert.deepEqual(
    windows.map(w => w.layer),
    [0, 1, 2, 3, 4],
  );
  assert.deepEqual(
    windows.map(w => w.row.lost),
    [0.1, 0.2, 0.6, 0.4, 0.3],
  );
  assert.equal(everywhere(all, "last", "subject", 5)?.lost, 0.9);
  assert.equal(everywhere(all, "relation", "subject", 5), null);
  assert.equal(
    knockoutWords(all, 5),
    "Where the last token sees the subject in no layer, 90 % of the logit difference is lost, where " +
      "it sees no other token 5 %; in layers 1 to 3 alone the subject is missed most: 60 %.",
  );
  assert.equal(knockoutWords([], 5), "");
});
