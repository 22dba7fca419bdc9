// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { judge, sizeAsked, sizesOf } from "../../ui/static/circuit/buys.js";
import { layoutOf, nextPlace } from "../../ui/static/circuit/layout.js";
import { nodeKey, tokenWords } from "../../ui/static/circuit/unit_words.js";

/** @typedef {import("../../ui/static/circuit/types.d.ts").Circuit} Circuit */
/** @typedef {import("../../ui/static/circuit/types.d.ts").Unit} Unit */

const KABUL = { fact_id: 1, relation: "city-country", subject: "Kabul", object: "Afghanistan" };
const OTHER = { fact_id: 2, relation: "city-continent", object: "Asia" };

/**
 * @param {string} condition
 * @param {number} share
 * @param {{ fact?: number, measure?: "lost" | "kept", n_units?: number }} more
 */
const point = (condition, share, { fact = 1, measure = "lost", n_units = 30 } = {}) => ({
  ...{ prompt_fact_id: fact, condition, measure, n_units },
  ...{ n: 2, share, lowest: share - 0.1, highest: share + 0.1 },
});

/**
 * @param {Circuit["curves"]} curves
 * @param {Circuit["others"]} others
 * @returns {Circuit}
 */
const circuit = (curves, others = [OTHER]) => ({
  ...{ fact: KABUL, has: ["all"], n_units: 300, curves, others },
  prompt: { text: "", difference: 5, roles: [], tokens: [] },
  ...{ measured: null, against: [], units: [], cells: [], listed: [] },
  ...{ heads: [], knockout: [], edges: [] },
});

test("no claim of the fact where its subject's other fact loses half as much", () => {
  const own = [point("circuit", 0.93), point("random", 0.01)];
  const as = judge(circuit([...own, point("circuit", 0.47, { fact: 2 })]), "all", 30);
  assert.equal(as.verdict, "subject");
  assert.equal(
    as.words,
    "30 units lose 93 % of the logit difference in a wording never used to choose them " +
      "(83 % to 103 % over 2 contrasts), the strongest control (random units) 1 %; the same units " +
      "lose 47 % of Kabul's continent (Asia): they say mostly which city it is.",
  );
  const less = judge(circuit([...own, point("circuit", 0.46, { fact: 2 })]), "all", 30);
  assert.equal(less.verdict, "fact");
  assert.match(less.words, /46 % of Kabul's continent \(Asia\), less than half as much/);
});

test("the largest of several other facts decides, and only of the circuit on screen", () => {
  const third = { fact_id: 3, relation: "P37", object: "Dari" };
  const curves = [
    point("circuit", 0.9),
    point("circuit", 0.1, { fact: 2 }),
    point("circuit", 0.6, { fact: 3 }),
    point("specific", 0.5),
    point("specific", 0.02, { fact: 2 }),
  ];
  const all = judge(circuit(curves, [OTHER, third]), "all", 30);
  assert.equal(all.verdict, "subject");
  assert.match(all.words, /60 % of Kabul's P37 \(Dari\): they say mostly which subject it is/);
  assert.equal(judge(circuit(curves, [OTHER, third]), "specific", 30).verdict, "fact");
});

test("units that lose no more than a control are of nothing", () => {
  const as = judge(circuit([point("circuit", 0.2), point("other_fact", 0.2)]), "all", 30);
  assert.equal(as.verdict, "control");
  assert.match(as.words, /no claim, as many of another fact's units lose 20 %/);
  assert.equal(judge(circuit([point("circuit", -0.2)]), "all", 30).verdict, "control");
});

test("where nothing else of the subject was measured, that is said", () => {
  const { verdict, words } = judge(circuit([point("circuit", 0.8)], []), "all", 30);
  assert.equal(verdict, "open");
  assert.match(words, /no other fact about Kabul was measured/);
  const kept = point("circuit", 0.3, { measure: "kept", n_units: 3000 });
  const beyond = judge(circuit([point("circuit", 0.8), kept], []), "all", 3000);
  assert.equal(beyond.verdict, "unmeasured");
  assert.match(beyond.words, /up to 30 units\. .* 3,000 units keep 30 %/);
});

test("the slider stops where something was measured", () => {
  const curves = [1, 10, 30, 300].map(n_units => point("circuit", 0.5, { n_units }));
  const sizes = sizesOf(circuit([...curves, point("random", 0, { n_units: 77 })]), "all");
  assert.deepEqual(sizes, [1, 10, 30, 300]);
  assert.deepEqual(
    ["", "30", "0", "25", "9999", "x"].map(text => sizeAsked(text, sizes)),
    [30, 30, 1, 30, 300, 30],
  );
});

/**
 * @param {number} layer
 * @param {number} position
 * @param {number} effect
 * @returns {Unit}
 */
const unit = (layer, position, effect) => ({
  ...{ kind: "neuron", layer, unit: 100 * position + layer, position, effect },
  ...{ estimate: null, rank: null, carries: null },
});

test("units stand in the column of their token and the row of their layer, within the width", () => {
  const many = Array.from({ length: 400 }, (_, i) => ({ ...unit(0, 1, 1 / (i + 1)), unit: i }));
  const units = [unit(3, 0, -4), unit(0, 2, 1), ...many];
  const layout = layoutOf(units, { nLayers: 4, nTokens: 3, width: 500 });
  assert.equal(layout.places.length, units.length);
  for (const { unit: one, x, y, r } of layout.places) {
    const { left, width } = layout.columns[one.position];
    assert.ok(x - r >= left - 1 && x + r <= left + width + 1, `${x} in ${left} and ${width}`);
    assert.equal(Math.floor((layout.bottom - y) / layout.row), one.layer);
  }
  const last = layout.columns[2];
  assert.ok(Math.abs(last.left + last.width - 500) < 1e-6);
  assert.equal(layout.places[0].unit.effect, -4); // size is by strength, whatever its sign
});

test("arrow keys lead to the nearest unit that way", () => {
  const units = [unit(0, 0, 1), unit(1, 0, 1), unit(0, 1, 1)];
  const { places } = layoutOf(units, { nLayers: 2, nTokens: 2, width: 300 });
  const of = (/** @type {Unit} */ one) => {
    const found = places.find(place => place.unit === one);
    assert.ok(found);
    return found;
  };
  const from = of(units[0]);
  assert.equal(nextPlace(places, from, "ArrowUp")?.unit, units[1]);
  assert.equal(nextPlace(places, from, "ArrowRight")?.unit, units[2]);
  assert.equal(nextPlace(places, from, "ArrowLeft"), null);
  assert.equal(nextPlace(places, from, "Tab"), null);
});

test("a token is told as it is written", () => {
  const prompt = { text: "", difference: 1, roles: [], tokens: ["In", " Ist", "anbul"] };
  assert.equal(tokenWords(prompt, 0), "In");
  assert.equal(tokenWords(prompt, 1), "␣Ist");
  assert.equal(tokenWords(prompt, null), "–");
  assert.equal(nodeKey({ kind: "head", layer: 2, unit: 3, position: 4 }), "h2.3.4");
});
