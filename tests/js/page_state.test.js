// @ts-check
// What the page keeps of its address and its answers while several things change at once.
import assert from "node:assert/strict";
import test from "node:test";

/** The browser's address, as far as address.js uses it. */
const page = { href: "http://localhost/", search: "", changes: 0 };
const history = {
  /** @type {(data: null, title: string, href: string) => void} */
  pushState: (_data, _title, href) => void Object.assign(page, { href, changes: page.changes + 1 }),
  /** @type {(data: null, title: string, href: string) => void} */
  replaceState: (_data, _title, href) => history.pushState(_data, _title, href),
};
Object.assign(globalThis, { location: page, history });

const { saveAddress } = await import("../../ui/static/page/address.js");
const { go } = await import("../../ui/static/page/navigate.js");
const { connect, forget, remembered } = await import("../../ui/static/page/server.js");
const { emit, on, promptKey, store } = await import("../../ui/static/page/store.js");
const { targetAsked } = await import("../../ui/static/page/target.js");

const settle = () => new Promise(done => setTimeout(done, 250));

test("a token that moves together with something else is told", async () => {
  let told = 0;
  on("token", () => told++);
  Object.assign(store.state, { model: "m", prompt: 1, token: 0, ask: "Toulouse", tab: "explore" });
  await go({ ask: "", token: 5 });
  assert.equal(told, 1);
  await go({ tab: "map", token: 6 });
  assert.equal(told, 2);
  await go({ tab: "explore" });
  assert.equal(told, 2);
});

test("two long texts are both in the address, which then rests", async () => {
  const long = (/** @type {string} */ word) =>
    Array.from({ length: 400 }, (_, i) => `${word}${i}`).join(" ");
  Object.assign(store.state, { text: long("a"), query: long("b") });
  saveAddress(true);
  await settle();
  const { searchParams } = new URL(page.href);
  assert.ok(searchParams.get("text.z"));
  assert.ok(searchParams.get("query.z"));
  const { changes } = page;
  await settle();
  assert.equal(page.changes, changes);
  Object.assign(store.state, { text: "", query: "" });
});

test("an answer is remembered until the tables change, also one that was on its way", async () => {
  let asked = 0;
  /** @type {((answer: string) => void)[]} */
  const waiting = [];
  connect({
    facts: () => Promise.resolve(JSON.stringify({ n: ++asked })),
    slow: () => new Promise(done => waiting.push(done)),
  });
  assert.deepEqual(await remembered("facts", {}), { n: 1 });
  assert.deepEqual(await remembered("facts", {}), { n: 1 });
  forget();
  assert.deepEqual(await remembered("facts", {}), { n: 2 });
  const early = remembered("slow", {});
  forget();
  waiting[0]('{"n":1}');
  assert.deepEqual(await early, { n: 1 });
  const late = remembered("slow", {});
  waiting[1]('{"n":2}');
  assert.deepEqual(await late, { n: 2 });
});

test("a target is asked of no prompt but the one that the state means", () => {
  const state = { model: "m", prompt: 1, text: "", target: "", against: "" };
  Object.assign(store.state, state);
  store.prompt = /** @type {any} */ ({ prompt: { prompt_id: 1 } });
  store.promptKey = promptKey(state);
  assert.equal(targetAsked()?.model, "m");
  for (const other of [{ prompt: 2 }, { model: "m@step8" }, { text: "A sentence" }]) {
    Object.assign(store.state, state, other);
    assert.equal(targetAsked(), null);
  }
  Object.assign(store.state, state);
  store.prompt = null;
  emit("prompt-asked");
});
