// @ts-check
// A target in the address, and in the call that a query tells.
import assert from "node:assert/strict";
import test from "node:test";

import { notebookCall } from "../../ui/static/explore/queries.js";
import {
  dropUnread,
  readAgainst,
  readOrder,
  readTarget,
  tokenText,
} from "../../ui/static/page/target_text.js";

test("a target survives the address", () => {
  assert.deepEqual(readTarget(""), { kind: "next" });
  assert.deepEqual(readTarget("answer"), { kind: "answer" });
  for (const token of [" France", "answer", '"', "\n"]) {
    assert.deepEqual(readTarget(tokenText(token)), { kind: "token", token });
  }
  assert.equal(readAgainst(""), null);
  assert.deepEqual(readAgainst("answer"), { kind: "answer" });
});

test("nonsense is no target and no order", () => {
  for (const text of ["France", "{}", '""', "7", "null"]) assert.equal(readTarget(text), undefined);
  assert.equal(readOrder("strength"), undefined);
  assert.equal(readOrder(""), "contribution");
  assert.equal(readOrder("index"), "index");
});

test("what the address has of no target is dropped and told", () => {
  /** @type {string[]} */
  const wrong = [];
  const wanted = { target: "France", against: "answer", order: "best" };
  dropUnread(wanted, wrong);
  assert.deepEqual(wanted, { target: "", against: "answer", order: "" });
  assert.deepEqual(wrong, ["target=France", "order=best"]);
});

test("a query of live numbers says how a notebook computes them, in comments alone", () => {
  const target = /** @type {const} */ ({ kind: "token", token: ' a"\n; DROP' });
  const note = notebookCall({ model: "m", prompt: 3, target, against: { kind: "answer" } });
  assert.ok(note.split("\n").every(line => line.startsWith("-- ")));
  const call = 'lake.contributions("m", 3, " a\\"\\n; DROP", against={"kind":"answer"}).neurons';
  assert.ok(note.includes(call), note);
  assert.match(
    notebookCall({ model: "m", prompt: 3, target: { kind: "next" }, against: null }),
    /3, \{"kind":"next"\}\)/,
  );
});
