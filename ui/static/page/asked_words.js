// @ts-check
// Words about facts asked on demand: what a button offers, and what was found where nothing is kept.

import { h, message } from "./dom.js";
import { chance, counted, integer } from "./format.js";

/**
 * The answer of the question `can_ask`.
 *
 * @typedef {object} Means
 * @property {string | null} missing why nothing can be asked
 * @property {string | null} damaged what of earlier askings can't be shown
 * @property {number} n_steps checkpoints of the model
 * @property {number | null} seconds that a checkpoint took before; null where none was asked
 * @property {boolean} keeps whether the lake keeps what is found
 */
/**
 * What was found at a checkpoint.
 *
 * @typedef {object} Found
 * @property {string} model
 * @property {number} n_prompts
 * @property {number} n_correct
 * @property {number} probability
 * @property {boolean} attributed
 * @property {[number, number, number][]} neurons layer, neuron, score
 */
/** @typedef {{ steps: Found[], left_out: Record<string, string>, kept: boolean }} Asked */

/** @param {number} seconds */
export const lasting = seconds => {
  if (seconds < 90) return `about ${integer(Math.max(1, Math.round(seconds)))} s`;
  return `about ${integer(Math.round(seconds / 60))} minutes`;
};

/**
 * The buttons that are offered: a checkpoint's time is known once one was asked.
 *
 * @param {Means} means
 * @param {("one" | "all")[]} offered
 * @param {string} [when] one of its checkpoints is asked
 */
export const asking = ({ n_steps: n, seconds }, offered, when = "now") => {
  const time = (/** @type {number} */ of) =>
    seconds === null ? "" : ` (${lasting(of * seconds)})`;
  const one = { steps: /** @type {const} */ ("one"), words: `Ask it ${when}${time(1)}` };
  const all = {
    steps: /** @type {const} */ ("all"),
    words: `Ask it at all ${counted(n, "step")}${time(n)}`,
  };
  return [one, all].filter(({ steps }) => offered.includes(steps) && (steps === "one" || n > 1));
};

/** @param {Found} at */
const line = ({ model, n_prompts: n, n_correct: right, probability: p, attributed, neurons }) => {
  const step = model.split("@")[1] ?? model;
  const named = neurons.slice(0, 5).map(([layer, neuron]) => `${layer}/${neuron}`);
  const which = named.length ? `: ${named.join(", ")}${neurons.length > 5 ? ", …" : ""}` : "";
  const held = attributed ? `, ${counted(neurons.length, "knowledge neuron")}${which}` : "";
  return h("li", {}, `${step}: right in ${right} of ${n} prompts, P ${chance(p)}${held}`);
};

/**
 * What was found at each checkpoint; none for none.
 *
 * @param {Found[]} steps
 */
export const stepLines = steps =>
  steps.length > 0 && h("ul", { class: "kn-found-steps" }, ...steps.map(line));

/**
 * What was found, in lines where the lake doesn't keep it, and the checkpoints that were left out.
 *
 * @param {Asked} asked
 */
export const found = ({ steps, left_out: left, kept }) => [
  !kept &&
    steps.length > 0 &&
    message("Found just now; an app that others can reach keeps nothing."),
  !kept && stepLines(steps),
  ...Object.entries(left).map(([model, words]) => message(`${model} was left out: ${words}`)),
];
