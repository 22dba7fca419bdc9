// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { ignoredWords, readAddress, writeAddress } from "../../ui/static/page/address.js";
import { emit, on, store } from "../../ui/static/page/store.js";
import { stepsOf } from "../../ui/static/page/steps_of.js";
import { registerTabs, tabs, tabTexts } from "../../ui/static/page/tabs.js";
import { keep } from "../../ui/static/page/server.js";
import { readHead } from "../../ui/static/page/attention_text.js";
import { dropUnread } from "../../ui/static/page/target_text.js";
import { debounce, Turns } from "../../ui/static/page/timing.js";

/** @type {Parameters<typeof readAddress>[1]} */
const THERE = { tabs: ["explore", "map"], models: ["gpt2", "gpt2@step8"], texts: ["text", "fact"] };

test("an address is read as it was written", () => {
  const state = /** @type {import("../../ui/static/page/types.d.ts").State} */ ({
    model: "gpt2@step8",
    prompt: 3,
    token: 0,
    layer: 11,
    neuron: null,
    tab: "map",
    text: "a & b = c?\n#d",
    fact: "",
  });
  const href = writeAddress("http://localhost/x/?other=1&neuron=7", state);
  const { wanted, wrong } = readAddress(new URL(href).search, THERE);
  assert.deepEqual(wrong, []);
  assert.deepEqual(wanted, {
    model: "gpt2@step8",
    prompt: 3,
    token: 0,
    layer: 11,
    tab: "map",
    text: "a & b = c?\n#d",
    fact: "",
  });
  assert.equal(new URL(href).searchParams.get("other"), "1");
  assert.equal(new URL(href).pathname, "/x/");
});

test("a text that is too long for an address isn't in it", () => {
  const state = /** @type {any} */ ({ text: "x".repeat(2000), prompt: 1 });
  assert.equal(writeAddress("http://localhost/?text=old", state), "http://localhost/?prompt=1");
});

test("parts that ask for nothing there is are told", () => {
  const { wanted, wrong } = readAddress(
    "?prompt=-1&token=1e3&layer=2&neuron=1234567890&tab=constructor&model=bert",
    THERE,
  );
  assert.deepEqual(wrong, [
    "prompt=-1",
    "token=1e3",
    "neuron=1234567890",
    "tab=constructor",
    "model=bert",
  ]);
  assert.deepEqual(wanted, { layer: 2, text: "", fact: "" });
});

test("each is told in words, with what is shown instead", () => {
  assert.equal(
    ignoredWords(["prompt=99999"], { prompt: 599 }),
    "There is no prompt 99999 in this atlas: the nearest, 599, is shown instead.",
  );
  assert.equal(
    ignoredWords(["prompt=7"], { prompt: null }),
    "There is no prompt 7 in this atlas: its first one is shown instead.",
  );
  assert.equal(
    ignoredWords(["head=9", "order=a=b"], { head: 8 }),
    "This model has no attention head 9, the last of a layer is 8: the mean over heads is shown " +
      "instead. Neurons have no order “a=b”: they are ordered by contribution instead.",
  );
  assert.equal(ignoredWords([]), "");
});

test("texts of the address that mean nothing are dropped and told", () => {
  const wanted = {
    head: "x",
    colours: "attention",
    lens: "blurred",
    order: "",
    target: "Paris",
    against: "answer",
  };
  /** @type {string[]} */
  const wrong = [];
  dropUnread(wanted, wrong);
  assert.deepEqual(wrong, ["target=Paris", "head=x", "lens=blurred"]);
  assert.deepEqual(wanted, { ...wanted, head: "", lens: "", target: "", colours: "attention" });
  assert.deepEqual(["", "mean", "12"].map(readHead), [null, "mean", 12]);
});

test("an event reaches those who listen, in their order", () => {
  /** @type {unknown[]} */
  const heard = [];
  on("test", (...details) => heard.push(["first", ...details]));
  on("test", (...details) => heard.push(["second", ...details]));
  emit("test", 1, 2);
  emit("nobody listens");
  assert.deepEqual(heard, [
    ["first", 1, 2],
    ["second", 1, 2],
  ]);
});

test("a tab's texts are part of the state", () => {
  registerTabs([
    { name: "one", script: "one/one.js", texts: [] },
    { name: "two", script: "two/two.js", texts: ["sentence"] },
  ]);
  assert.deepEqual([...tabs.keys()], ["one", "two"]);
  assert.equal(store.state.sentence, "");
  assert.deepEqual(tabTexts(), ["ask", "whole", "sentence"]);
});

test("a model's steps are those that the server tells, in the order of training", () => {
  /** @type {[string, number | null][]} */
  const named = [
    ["geo@step512", 512],
    ["geo", null],
    ["geo@step0", 0],
    ["other@step1", 1],
    ["geo@checkpoint-64", 64],
    ["geo@stage1-step2K-tokens3B", 2000],
    ["geo@main", null],
  ];
  const atlases = named.map(([model, step]) => ({ model, step }));
  assert.deepEqual(stepsOf("geo@step0", atlases), [
    { step: 0, model: "geo@step0" },
    { step: 64, model: "geo@checkpoint-64" },
    { step: 512, model: "geo@step512" },
    { step: 2000, model: "geo@stage1-step2K-tokens3B" },
  ]);
  assert.deepEqual(stepsOf(null, atlases), []);
});

test("a memory forgets its oldest first", () => {
  const memory = new Map();
  for (const key of ["a", "b", "c"]) keep(memory, key, key.toUpperCase(), 2);
  assert.deepEqual(
    [...memory],
    [
      ["b", "B"],
      ["c", "C"],
    ],
  );
});

test("a later turn overtakes an earlier one", () => {
  const turns = new Turns();
  const first = turns.begin();
  assert.equal(first(), true);
  const second = turns.begin();
  assert.deepEqual([first(), second()], [false, true]);
  turns.drop();
  assert.equal(second(), false);
});

test("of calls in quick succession only the last is made", context => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {number[]} */
  const calls = [];
  const call = debounce(50, (/** @type {number} */ x) => calls.push(x));
  call(1);
  context.mock.timers.tick(40);
  call(2);
  context.mock.timers.tick(49);
  assert.deepEqual(calls, []);
  context.mock.timers.tick(1);
  assert.deepEqual(calls, [2]);
});
