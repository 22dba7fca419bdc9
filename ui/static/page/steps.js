// @ts-check
// The step of training on screen. A step is an atlas of its own, such as geo-gpt2@step512; prompt,
// token and neuron are kept. The event "step" tells which one the slider is on, also while it moves.

import { go } from "./navigate.js";
import { emit, on, store } from "./store.js";
import { stepsOf } from "./steps_of.js";
import { debounce } from "./timing.js";

const SETTLE_MS = 140; // of a moving slider, before the other panes follow
const PLAY_MS = 950;

/** The numbers of the steps on screen. */
export const stepNumbers = () => store.steps.map(({ step }) => step);

/** The atlas of the last step. */
export const lastModel = () => store.steps.at(-1)?.model ?? null;

const tell = () => emit("step", store.step);

/** Let the other panes follow. */
const commit = () => {
  const model = store.steps[store.step]?.model;
  if (model && model !== store.state.model) go({ model }, { push: false, keepToken: true });
};
const commitLater = debounce(SETTLE_MS, commit);

/**
 * @param {number} i place among the steps, which may be beyond an end
 * @param {{ settled?: boolean }} how settled: the slider doesn't go on moving
 */
export const toStep = (i, { settled = true } = {}) => {
  const to = Math.max(0, Math.min(store.steps.length - 1, i));
  if (to !== store.step) {
    store.step = to;
    tell();
  }
  if (settled) commit();
  else commitLater();
};

on("model", () => {
  const steps = stepsOf(store.state.model, store.atlases);
  const isSame =
    steps.length === store.steps.length &&
    steps.every((step, i) => step.model === store.steps[i].model);
  if (!isSame) {
    store.steps = steps;
    stopPlaying();
  }
  const at = store.steps.findIndex(step => step.model === store.state.model);
  if (isSame && at === store.step) return; // as the slider said
  store.step = at;
  tell();
});

// -- playing ----------------------------------------------------------------------------------

/** @type {ReturnType<typeof setTimeout> | null} */
let playing = null;

export const isPlaying = () => playing !== null;

export const stopPlaying = () => {
  if (playing !== null) clearTimeout(playing);
  playing = null;
  emit("playing", false);
};

export const startPlaying = () => {
  if (store.step >= store.steps.length - 1) toStep(0);
  emit("playing", true);
  const next = () => {
    if (store.step >= store.steps.length - 1) {
      stopPlaying();
      return;
    }
    toStep(store.step + 1);
    playing = setTimeout(next, PLAY_MS);
  };
  playing = setTimeout(next, PLAY_MS / 2);
};
