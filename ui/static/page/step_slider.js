// @ts-check
// The slider of a training's steps: one in the bar for every tab, and a large one in Training's own.

import { faint, fill, h } from "./dom.js";
import { integer } from "./format.js";
import { stepLabels, stepScale, stepWords } from "./scale.js";
import { isPlaying, startPlaying, stepNumbers, stopPlaying, toStep } from "./steps.js";
import { on, store } from "./store.js";

const RANGE = 10000; // of the input

/**
 * The words and the place of a slider.
 *
 * @typedef {object} Slider
 * @property {boolean} wide with labelled ticks
 * @property {import("./scale.js").StepScale | null} scale
 * @property {HTMLElement} node
 * @property {HTMLInputElement} input
 * @property {HTMLElement} ticks
 * @property {HTMLElement} place
 */

/** @param {{ wide?: boolean }} options wide: with labelled ticks */
export const stepSlider = ({ wide = false } = {}) => {
  const input = h("input", {
    type: "range",
    min: "0",
    max: String(RANGE),
    step: "1",
    "aria-label": "Checkpoint",
  });
  const ticks = h("div", { class: "kn-ticks", "aria-hidden": "true" });
  const place = h("output", { class: "kn-step-place" });
  const node = h(
    "div",
    { class: wide ? "kn-slider kn-steps kn-wide" : "kn-slider kn-steps" },
    playButton(),
    moveButton("‹", "Step before", -1),
    h("div", { class: "kn-track" }, input, wide && ticks),
    moveButton("›", "Step after", 1),
    place,
  );
  /** @type {Slider} */
  const slider = { wide, scale: null, node, input, ticks, place };
  input.addEventListener("input", () => {
    stopPlaying();
    toStep(slider.scale?.nearest(Number(input.value) / RANGE) ?? 0, { settled: false });
    show(slider); // the thumb stands on a checkpoint
  });
  input.addEventListener("change", () => toStep(store.step));
  input.addEventListener("keydown", moveByKey);
  on("step", () => show(slider));
  new ResizeObserver(() => labelTicks(slider)).observe(ticks);
  show(slider);
  return node;
};

const playButton = () => {
  const toggle = () => (isPlaying() ? stopPlaying() : startPlaying());
  const button = h("button", { type: "button", class: "kn-play", onclick: toggle });
  /** @param {boolean} playing */
  const show = playing => {
    button.textContent = playing ? "⏸" : "▶";
    button.setAttribute("aria-label", playing ? "Pause" : "Play the training");
    button.setAttribute("aria-pressed", String(playing));
  };
  on("playing", show);
  show(isPlaying());
  return button;
};

/**
 * @param {string} words
 * @param {string} label
 * @param {number} by
 */
const moveButton = (words, label, by) => {
  const move = () => {
    stopPlaying();
    toStep(store.step + by);
  };
  return h("button", { type: "button", "aria-label": label, onclick: move }, words);
};

/** @param {KeyboardEvent} event */
const moveByKey = event => {
  /** @type {Record<string, number>} */
  const targets = {
    ArrowLeft: store.step - 1,
    ArrowDown: store.step - 1,
    ArrowRight: store.step + 1,
    ArrowUp: store.step + 1,
    Home: 0,
    End: store.steps.length - 1,
    PageDown: store.step - 4,
    PageUp: store.step + 4,
  };
  const to = targets[event.key];
  if (to === undefined) return;
  stopPlaying();
  toStep(to, { settled: false });
  event.preventDefault();
};

/** @param {Slider} slider */
const labelTicks = ({ scale, ticks }) => {
  const width = ticks.clientWidth;
  if (!scale || !width) return;
  const labelled = new Set(stepLabels(scale, width));
  const tick = (/** @type {number} */ step, /** @type {number} */ i) =>
    h(
      "span",
      { class: labelled.has(i) ? null : "kn-bare", style: `left:${100 * scale.at(i)}%` },
      labelled.has(i) ? stepWords(step) : "",
    );
  fill(ticks, ...scale.steps.map(tick));
};

/** @param {Slider} slider */
const show = slider => {
  const { node, input, place, wide } = slider;
  const steps = stepNumbers();
  node.hidden = !steps.length;
  if (!steps.length) return;
  const before = slider.scale?.steps;
  if (before?.length !== steps.length || before.some((step, i) => step !== steps[i])) {
    slider.scale = stepScale(steps);
    labelTicks(slider);
  }
  const scale = /** @type {import("./scale.js").StepScale} */ (slider.scale);
  // The atlas on screen may be of the same model at no step: the slider waits at the end.
  const at = store.step < 0 ? steps.length - 1 : store.step;
  const checkpoint = `checkpoint ${at + 1} of ${steps.length}`;
  input.value = String(Math.round(RANGE * scale.at(at)));
  input.style.setProperty("--at", String(scale.at(at)));
  if (store.step < 0) {
    input.setAttribute("aria-valuetext", "at no step");
    fill(place, "at no step");
    return;
  }
  input.setAttribute("aria-valuetext", `step ${integer(steps[at])}, ${checkpoint}`);
  fill(place, "step ", h("b", {}, integer(steps[at])), wide && faint(` · ${checkpoint}`));
};
