// @ts-check
// When the model begins its work on a prompt.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { onceAtRest } from "../../ui/static/page/rest.js";
import { emit } from "../../ui/static/page/store.js";

let now = 0;
mock.method(performance, "now", () => now);
mock.timers.enable({ apis: ["setTimeout"] });
Object.assign(globalThis, { requestAnimationFrame: (/** @type {() => void} */ f) => f() });
let begun = 0;
onceAtRest(() => begun++);

/** @param {number} ms that pass */
const wait = ms => {
  now += ms;
  mock.timers.tick(ms);
};
/** A prompt is opened, its neuron comes 50 ms later. */
const open = () => {
  emit("prompt-asked");
  emit("prompt");
  emit("neuron-asked");
  wait(50);
  emit("neuron");
};
/** @param {() => void} act @returns {number} how often work began meanwhile */
const begins = act => {
  const before = begun;
  act();
  return begun - before;
};

test("a prompt opened at leisure is worked on once its neuron is there", () => {
  wait(5000);
  assert.equal(begins(open), 0);
  assert.equal(
    begins(() => wait(1)),
    1,
  );
  assert.equal(
    begins(() => wait(5000)),
    0,
  );
});

test("a neuron that doesn't come is waited for no longer than a moment", () => {
  wait(5000);
  emit("prompt-asked");
  emit("prompt");
  assert.equal(
    begins(() => wait(399)),
    0,
  );
  assert.equal(
    begins(() => wait(1)),
    1,
  );
  emit("neuron-failed");
});

test("prompts that are leafed through are not worked on, the last one is", () => {
  wait(5000);
  open();
  wait(1);
  const leaf = () => {
    open();
    wait(100);
  };
  assert.equal(
    begins(() => [leaf(), leaf(), leaf()]),
    0,
  );
  assert.equal(
    begins(() => wait(149)),
    0,
  ); // 300 ms after it was asked for
  assert.equal(
    begins(() => wait(1)),
    1,
  );
});

test("a moved token and another neuron put it off, too", () => {
  wait(5000);
  open();
  wait(200);
  open();
  wait(200);
  emit("token");
  assert.equal(
    begins(() => wait(299)),
    0,
  );
  emit("neuron-asked");
  emit("neuron");
  assert.equal(
    begins(() => wait(299)),
    0,
  );
  assert.equal(
    begins(() => wait(1)),
    1,
  );
  emit("token");
  assert.equal(
    begins(() => wait(5000)),
    0,
  ); // nothing is due
});
