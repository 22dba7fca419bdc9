// @ts-check
// When the model begins its work on a prompt. It shares the cores with what the page draws: of who
// leafs through prompts quickly it would slow down each next step, and its answer would come too late.

import { on, store } from "./store.js";

const APART_MS = 1000; // between two moves of one who isn't in a hurry
const REST_MS = 300; // without a move, of one who is
const NEURON_MS = 400; // that the neuron of a prompt is waited for at most

/**
 * Call `begin` for each new prompt: once its neuron is drawn, or, where one move followed the other,
 * once there was none for a moment.
 *
 * @param {() => void} begin
 */
export const onceAtRest = begin => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let due;
  let last = -Infinity;
  let isHurried = false;
  let isOpening = false; // the prompt's own neuron is to come: that it is asked for is no move
  const drop = () => {
    clearTimeout(due);
    due = undefined;
    store.isDue = false;
  };
  const run = () => {
    drop();
    begin();
  };
  /** @param {number} wait */
  const runIn = wait => {
    clearTimeout(due);
    due = setTimeout(run, wait);
    store.isDue = true;
  };
  const move = () => {
    const now = performance.now();
    isHurried = now - last < APART_MS;
    last = now;
    if (due !== undefined && isHurried) runIn(REST_MS);
  };
  on("prompt-asked", () => {
    drop();
    isOpening = true;
    move();
  });
  on("prompt", () => runIn(isHurried ? REST_MS : NEURON_MS));
  on("token", move);
  on("neuron-asked", () => {
    if (!isOpening) move();
  });
  for (const there of ["neuron", "neuron-none", "neuron-failed"]) {
    on(there, () => {
      isOpening = false;
      if (due === undefined || isHurried) return;
      requestAnimationFrame(() => due !== undefined && !isHurried && setTimeout(run, 0));
    });
  }
};
