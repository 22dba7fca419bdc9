// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import * as choices from "../../ui/static/map/choice.js";
import { picked } from "../../ui/static/map/hits.js";
import { drawnWords, lostWords, pointWords, whereWords } from "../../ui/static/map/words.js";
import { chosenColours, faint } from "../../ui/static/points/colours.js";
import { inView } from "../../ui/static/points/in_view.js";
import { isThemed, layOut, placedLabels } from "../../ui/static/points/labels.js";
import { paintDots } from "../../ui/static/points/pixels.js";
import { decodePoints } from "../../ui/static/points/points.js";
import { placeSilent } from "../../ui/static/points/silent.js";
import * as views from "../../ui/static/points/view.js";
import { packed } from "./pack.js";

/**
 * Six neurons that fired, of two layers and two clusters, and two that never did.
 *
 * @returns {import("../../ui/static/points/points.js").Points}
 */
const points = () =>
  decodePoints({
    kind: "neurons",
    n: 6,
    left: 0,
    top: 0,
    size: 1,
    x: packed("u2", [0, 13107, 26214, 39321, 52428, 65535]),
    y: packed("u2", [65535, 65535, 32768, 32768, 0, 0]),
    layer: packed("u1", [0, 0, 0, 1, 1, 1]),
    neuron: packed("u1", [0, 1, 2, 0, 1, 2]),
    rate: packed("f4", [0.0005, 0.001, 0.01, 0.05, 0.1, 0.5]),
    strongest: packed("f4", [1, -9, 3, 0.5, -2, 4]),
    cluster: packed("i2", [0, 0, 0, 1, 1, -1]),
    silent: { layer: packed("u1", [0, 1]), neuron: packed("u1", [3, 3]) },
    prompt: packed("u4", [0, 0, 0, 0, 0, 0]),
    prompts: { ids: [7], names: ["Rome"], country: [0] },
    countries: [{ name: "Italy", continent: "Europe" }],
    labels: [0, 1].map(cluster => ({
      cluster,
      n: 3,
      label: cluster ? "no common theme" : "Italy (50 %)",
      x: 0.2,
      y: 0.9,
      terms: [],
      term_shares: [],
      term_shares_elsewhere: [],
    })),
  });
const NOTHING = { cluster: "", find: "", region: "", layers: "", rate: "" };

test("neurons that never fired are nowhere, come last, and have no city", () => {
  const it = points();
  assert.deepEqual([it.n, it.nDrawn], [8, 6]);
  assert.ok([6, 7].every(i => Number.isNaN(it.x[i]) && Number.isNaN(it.y[i])));
  assert.equal(it.name(6), null);
  assert.equal(it.find(0.5, 0.5, 9), 2);
  assert.equal(pointWords(it, 7), "layer 1 · neuron 3 · never fired at a token of this atlas");
  assert.equal(it.at("1/3"), 7);
  assert.equal(lostWords(it, 7), "layer 1 · neuron 3 never fired: it isn't drawn");
  assert.deepEqual([lostWords(it, 2), lostWords(it, -1)], ["", ""]);
  assert.equal(it.at("5/5"), -1);
});

test("shown, they lie in rows under the map and can be pointed at; hidden they are gone", () => {
  const it = points();
  placeSilent(it, true);
  for (const i of [6, 7]) {
    assert.ok(it.y[i] > 1 && it.x[i] >= 0 && it.x[i] <= 1);
    assert.equal(it.find(it.x[i], it.y[i], 0.01), i);
  }
  assert.ok(it.extent[1] >= 2 * (it.y[7] - 0.5) - 1e-6, "the whole view has them");
  placeSilent(it, false);
  assert.ok(Number.isNaN(it.x[6]));
  assert.deepEqual(it.extent, [1, 1]);
});

test("what is drawn is told against what there is", () => {
  const it = points();
  assert.equal(drawnWords(it, 6, false), "6 of 8 neurons drawn; 2 never fired");
  assert.equal(drawnWords(it, 6, true), "8 neurons; 2 never fired, in rows below");
  assert.equal(
    drawnWords(it, 4, false),
    "4 of 8 neurons drawn; 2 never fired; 2 out of the bounds",
  );
});

test("the address says what is chosen, and nothing of what it says in vain", () => {
  const said = { cluster: "17", find: " Rome ", region: "1,2;3,4;-5.5,6", layers: "3-9" };
  assert.deepEqual(choices.choiceOf({ ...said, rate: "often" }, "neurons"), {
    cluster: 17,
    words: "Rome",
    region: [
      [1, 2],
      [3, 4],
      [-5.5, 6],
    ],
    layers: [3, 9],
    rate: "often",
  });
  const vain = { cluster: "-1", find: "", region: "1,2;3,x;4,5", layers: "9", rate: "toString" };
  const none = choices.choiceOf(vain, "neurons");
  assert.deepEqual(
    { ...none, rate: none.rate },
    {
      cluster: null,
      words: "",
      region: null,
      layers: null,
      rate: "",
    },
  );
  assert.equal(choices.isAny(none), false);
  const ofPrompts = choices.choiceOf({ ...said, rate: "often" }, "prompts");
  assert.deepEqual([ofPrompts.layers, ofPrompts.rate], [null, ""], "prompts have no layers");
  const corners = /** @type {[number, number][]} */ ([[1, 2], [3, 4], [-5.5, 6]]); // prettier-ignore
  assert.equal(choices.regionText(corners), said.region);
});

test("bounds let through what SQL's conditions do, ends included below and not above", () => {
  const it = points();
  /** @param {Partial<typeof NOTHING>} texts */
  const members = texts =>
    choices.membersOf(it, [
      choices.shownBy(it, choices.choiceOf({ ...NOTHING, ...texts }, "neurons")),
    ]);
  assert.deepEqual(members({ rate: "rare" }), [0]);
  assert.deepEqual(members({ rate: "seldom" }), [1]);
  assert.deepEqual(members({ rate: "often" }), [2, 3]);
  assert.deepEqual(members({ rate: "always" }), [5, 4]);
  assert.deepEqual(members({ layers: "1-1" }), [5, 4, 3]);
  assert.deepEqual(members({}), [1, 5, 2, 4, 0, 3], "by the size of their activation");
});

test("a cluster, words and a figure are chosen together", () => {
  const it = points();
  const hits = { layer: packed("u1", [0, 0, 1, 1]), neuron: packed("u1", [1, 3, 0, 2]) };
  const { set, silent } = picked(it, hits);
  assert.equal(silent, 1);
  assert.deepEqual(choices.membersOf(it, [set]), [1, 5, 3], "those that have a place");
  assert.deepEqual(choices.membersOf(it, [choices.litBy(it, 0, [set])]), [1]);
  assert.equal(choices.litBy(it, null, []), null);
});

test("the query has all that is chosen, its texts quoted", () => {
  const choice = choices.choiceOf(
    { cluster: "4", find: "Côte d'Ivoire", region: "0,0;1,0;1,1", layers: "2-3", rate: "often" },
    "neurons",
  );
  assert.equal(
    choices.queryOf("neurons", "tiny", choice, "inside(x, y, [])"),
    `FROM neuron_points('tiny')
SEMI JOIN neurons_found('tiny', 'Côte d''Ivoire') USING (layer, neuron)
WHERE isfinite(x)
    AND cluster = 4
    AND inside(x, y, [])
    AND layer BETWEEN 2 AND 3
    AND firing_rate >= 0.01
    AND firing_rate < 0.1
ORDER BY abs(top_activation) DESC, layer, neuron`,
  );
});

test("what isn't shown has no pixel, what isn't chosen a faint one", () => {
  const it = points();
  const shown = Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1);
  const lit = Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 0);
  const found = chosenColours(it, new Uint32Array(8).fill(5), shown, lit);
  assert.deepEqual([...found], [5, faint, faint, 0, faint, faint, faint, faint]);
  assert.equal(chosenColours(it, new Uint32Array(8).fill(5), null, null)[6], faint, "never fired");
  const image = { width: 4, height: 4, data: new Uint8ClampedArray(64) };
  const dots = {
    order: Uint32Array.of(0, 1),
    x: Float32Array.of(0.1, 0.1),
    y: Float32Array.of(0.1, 0.1),
    colors: Uint32Array.of(7, 0),
  };
  paintDots(/** @type {any} */ (image), dots, { left: 0, top: 0, scale: 4, dot: 1 });
  assert.equal(new Uint32Array(image.data.buffer)[0], 7, "nothing is wiped out by it");
});

test("a view comes back from the address, whatever the stage's size", () => {
  const view = { x: 0.31, y: -0.2, zoom: 7.25 };
  const back = views.viewOf(views.viewText(view));
  assert.ok(back);
  for (const name of /** @type {const} */ (["x", "y", "zoom"])) {
    assert.ok(Math.abs(back[name] - view[name]) < 1e-4, name);
  }
  assert.equal(views.viewText(back), views.viewText(view));
  for (const vain of ["", "1,2", "a,b,c", "1,,2", "1,2,3,4"])
    assert.equal(views.viewOf(vain), null);
  assert.equal(views.viewOf("1e9,0,0")?.zoom, 200);
});

test("the clusters in view are counted, and told against what is drawn", () => {
  const it = points();
  const seen = inView(it, [-0.1, -0.1], [0.5, 2], null);
  assert.deepEqual([seen.n, seen.parts.map(part => [part.cluster, part.n])], [3, [[0, 3]]]);
  assert.ok(Math.abs(seen.parts[0].x - 0.2) < 1e-6);
  assert.equal(
    whereWords(it, seen, 6),
    "3 of 6 drawn neurons in view, 100.0 % of them in cluster 0: Italy (50 %)",
  );
  assert.equal(whereWords(it, inView(it, [-1, -1], [2, 2], null), 6), "");
  assert.equal(whereWords(it, inView(it, [5, 5], [6, 6], null), 6), "0 of 6 drawn neurons in view");
  const shown = Uint8Array.of(0, 1, 1, 1, 1, 1, 1, 1);
  assert.equal(inView(it, [-0.1, -0.1], [0.5, 2], shown).n, 2);
});

test("a cluster whose middle is out of view has its label where its points are", () => {
  const { labels } = points();
  const seen = { n: 10, parts: [{ cluster: 0, n: 9, x: 0.7, y: 0.6 }, { cluster: 1, n: 1, x: 0, y: 0 }] }; // prettier-ignore
  const [italy, ...others] = placedLabels(labels, seen, () => false);
  assert.deepEqual([italy.label, italy.x, italy.y], ["Italy (50 %)", 0.7, 0.6]);
  assert.deepEqual(others, [], "a single point of a cluster says nothing");
  const whole = placedLabels(labels, seen, () => true);
  assert.deepEqual(whole.map(({ label, x }) => [label, x]), [["Italy (50 %)", labels.get(0)?.x], ["cluster 1", labels.get(1)?.x]]); // prettier-ignore
  assert.equal(isThemed({ label: "no common theme · positive (95 %)" }), false);
});

test("a label that is cut keeps its share", () => {
  /** @param {string} label */
  const laid = label => layOut([{ label, x: 300, y: 50 }], () => 9, (x, y) => [x, y], [600, 99])[0].words; // prettier-ignore
  assert.equal(laid("pattern “a million inhabitants of” (77 %)"), "pattern “a million inhabit… (77 %)"); // prettier-ignore
  assert.equal(laid("city names (61 %) · Indonesia (28 %)"), "city names (61 %)");
});
