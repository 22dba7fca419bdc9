// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { ignoredWords } from "../../ui/static/page/address.js";
import { packText, unpackText } from "../../ui/static/page/long_text.js";
import { titleOf } from "../../ui/static/page/title.js";

test("a long text comes back as it was", async () => {
  for (const text of ["", "a", "São Paulo 東京 😀\n\t'\"&=?#".repeat(300), "\u0000\uffff"]) {
    const packed = await packText(text);
    assert.match(packed, /^[\w-]*$/);
    assert.equal(await unpackText(packed), text);
  }
  assert.ok((await packText("a sentence of a text. ".repeat(400))).length < 200);
});

test("what was cut or mistyped is no text", async () => {
  const packed = await packText("a sentence of a text. ".repeat(40));
  for (const wrong of [packed.slice(0, -4), "!", "abc"]) {
    assert.equal(await unpackText(wrong), null, wrong);
  }
});

test("what an address asks for in vain is said in sentences", () => {
  assert.equal(
    ignoredWords(["prompt=99999"]),
    "There is no prompt 99999 in this atlas: its first one is shown instead.",
  );
  assert.equal(
    ignoredWords(["token=a=b", "layer=40"]),
    "“a=b” is no token's number: another one of its tokens is shown instead. " +
      "This model has no layer 40: another neuron is shown instead.",
  );
  assert.equal(ignoredWords(["rate=x"]), "“x” is nothing that rate can be: it is left out.");
  assert.equal(ignoredWords([]), "");
});

test("a title names the tab, what it shows, and the model", () => {
  const state = /** @type {any} */ ({
    tab: "explore",
    model: "gpt2",
    prompt: 3,
    layer: 1,
    neuron: 2,
  });
  const names = { prompt: "Kabul", fact: "Kabul → Afghanistan" };
  assert.equal(titleOf(state, names), "Explore · Kabul, neuron 1/2 · gpt2");
  assert.equal(titleOf(state, { prompt: null, fact: "" }), "Explore · prompt 3, neuron 1/2 · gpt2");
  const text = "one two ".repeat(40);
  assert.match(titleOf({ ...state, text }, names), /^Explore · (one two ){7}one …?.*… *, neuron/);
  const fact = { ...state, tab: "training", fact: "7" };
  assert.equal(titleOf(fact, names), "Training · Kabul → Afghanistan · gpt2");
  assert.equal(titleOf(fact, { prompt: null, fact: "" }), "Training · fact 7 · gpt2");
  assert.equal(
    titleOf({ ...state, tab: "sql", query: "FROM x\n  LIMIT 1" }, names),
    "SQL · FROM x LIMIT 1 · gpt2",
  );
  assert.equal(titleOf({ ...state, ask: "Kabul" }, names), "Explore · asked: Kabul · gpt2");
});
