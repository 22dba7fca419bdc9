// @ts-check
// Since which step of the training a circuit carries its answer.

import { integer } from "../page/format.js";
import { stepWords } from "../page/scale.js";
import { share } from "./buys.js";

/** @typedef {import("./types.d.ts").CircuitDate} CircuitDate */

const DOES = { lost: "take away", kept: "keep" };

/**
 * A sentence; "" where less than two steps were measured.
 *
 * @param {CircuitDate[]} dates
 */
export const dateWords = dates => {
  const told = dates.filter(date => date.n_steps > 1);
  return told.map((date, i) => `${one(date, i > 0)}.`).join(" ");
};

/**
 * @param {CircuitDate} date
 * @param {boolean} isBrief
 */
const one = ({ measure, n_units: n, step, step_before: before, ...date }, isBrief) => {
  const half = isBrief ? "half of it" : "half of the answer's logit difference";
  const what = `${integer(n)} units ${DOES[measure]} ${half}`;
  if (step === null)
    return date.why_none === "no difference"
      ? `${what}: at no step, the last one prefers the contrast's answer`
      : `${what}: at none of ${integer(date.n_steps)} steps`;
  const since =
    before === null
      ? `already at the first step measured, ${stepWords(step)}`
      : `first at step ${stepWords(step)}, not yet at ${stepWords(before)}`;
  return `${what} ${since} (${share(date.share_then)} then)`;
};
