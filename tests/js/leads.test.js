// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { keepHere, readKept } from "../../ui/static/page/kept.js";
import { added, parsed } from "../../ui/static/page/recent.js";
import { columnMeaning } from "../../ui/static/sql/help.js";
import { roleOf, target } from "../../ui/static/sql/leads.js";

const MODELS = ["gpt2", "other"];
const EXPLORE = { tab: "explore" };

test("a column is what its name ends in", () => {
  assert.deepEqual(roleOf("peak_position"), { role: "position", prefix: "peak_" });
  assert.deepEqual(roleOf("top_prompt_id"), { role: "prompt_id", prefix: "top_" });
  assert.deepEqual(roleOf("layer"), { role: "layer", prefix: "" });
  for (const column of ["n_layers", "prompt", "positions", "player", "token_id", "city_id"]) {
    assert.equal(roleOf(column), null, column);
  }
});

test("a position leads to its token of the prompt of its row", () => {
  const row = { rank: 1, prompt_id: 7, peak_position: 4, peak: 0.5 };
  const there = { prompt: 7, token: 4, ...EXPLORE };
  assert.deepEqual(target("peak_position", row, MODELS), there);
  assert.deepEqual(target("prompt_id", row, MODELS), there);
  assert.equal(target("rank", row, MODELS), null);
  const weighted = { prompt_id: 7, position: 9, source_position: 2 };
  assert.deepEqual(target("source_position", weighted, MODELS), {
    prompt: 7,
    token: 2,
    ...EXPLORE,
  });
  assert.deepEqual(target("prompt_id", weighted, MODELS), { prompt: 7, token: 9, ...EXPLORE });
});

test("what begins alike belongs together", () => {
  const row = { layer: 1, neuron: 2, top_prompt_id: 5, top_position: 3, model: "other" };
  const there = { model: "other", prompt: 5, token: 3, layer: 1, neuron: 2, ...EXPLORE };
  assert.deepEqual(target("top_position", row, MODELS), there);
  assert.deepEqual(target("top_prompt_id", row, MODELS), there);
  const neuron = { model: "other", layer: 1, neuron: 2, ...EXPLORE };
  assert.deepEqual(target("neuron", row, MODELS), neuron);
  assert.deepEqual(target("model", row, MODELS), neuron);
});

test("a fact leads to its page, and what names nothing leads nowhere", () => {
  const fact = { tab: "knowledge", fact: "12", sentence: "", answer: "" };
  assert.deepEqual(target("fact_id", { fact_id: 12 }, MODELS), fact);
  assert.equal(target("fact_id", { fact_id: null }, MODELS), null);
  assert.equal(target("position", { position: 3 }, MODELS), null);
  assert.equal(target("layer", { layer: 3 }, MODELS), null);
  assert.equal(target("model", { model: "gpt2" }, MODELS), null);
  assert.equal(target("prompt_id", { prompt_id: "x" }, MODELS), null);
  assert.equal(target("prompt_id", { prompt_id: 1.5 }, MODELS), null);
});

test("a column means what the tables of its query say", () => {
  const column = (/** @type {string} */ meaning) => [{ name: "n", type: "INTEGER", meaning }];
  const relations = [
    { name: "one", call: null, meaning: "", columns: column("prompts") },
    { name: "two", call: null, meaning: "", columns: column("neurons") },
  ];
  assert.equal(columnMeaning("n", "FROM one", relations), "prompts");
  assert.equal(columnMeaning("n", "FROM two t", relations), "neurons");
  assert.equal(columnMeaning("n", "FROM a_macro()", relations), null);
  assert.equal(columnMeaning("n", "FROM a_macro()", relations.slice(1)), "neurons");
  assert.equal(columnMeaning("m", "FROM one", relations), null);
});

test("what was asked before is kept once, the last one first", () => {
  assert.deepEqual(added(["b", "a"], "a"), ["a", "b"]);
  assert.equal(added([..."abcdefgh"], "x").length, 8);
  assert.deepEqual(parsed('["a", 3, "b"]'), ["a", "b"]);
  for (const kept of [null, "", "{", "{}", "3"]) assert.deepEqual(parsed(kept), []);
});

test("what the browser refuses to keep is kept until the page closes", () => {
  const refuse = () => {
    throw new Error("refused");
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", { get: refuse, configurable: true });
  assert.equal(readKept("seen"), null);
  keepHere("seen", "yes");
  assert.equal(readKept("seen"), "yes");
  const full = { getItem: () => null, setItem: refuse };
  Object.defineProperty(globalThis, "localStorage", { value: full, configurable: true });
  keepHere("other", "1");
  assert.equal(readKept("other"), "1");
  Reflect.deleteProperty(globalThis, "localStorage");
  if (before) Object.defineProperty(globalThis, "localStorage", before);
});
