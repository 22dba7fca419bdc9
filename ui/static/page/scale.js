// @ts-check
// The steps of a training on an axis.

import { compact, integer } from "./format.js";

/**
 * @typedef {object} StepScale
 * @property {number[]} steps
 * @property {(i: number) => number} at the place of the i-th step in 0..1
 * @property {(step: number) => number} place the place of any step, within 0..1
 * @property {(x: number) => number} nearest the step at a place
 * @property {(i: number) => [number, number]} cell the i-th step's share of a strip
 */

/**
 * A logarithmic axis with room for step 0.
 *
 * @param {number[]} steps first step first
 * @returns {StepScale}
 */
export const stepScale = steps => {
  const low = Math.log1p(steps[0]);
  const span = Math.log1p(steps[steps.length - 1]) - low;
  const last = steps.length - 1;
  const places = steps.map((step, i) => {
    if (span) return (Math.log1p(step) - low) / span;
    return last > 0 ? i / last : 0.5;
  });
  const place = (/** @type {number} */ step) =>
    span ? Math.max(0, Math.min(1, (Math.log1p(step) - low) / span)) : 0.5;
  /** @type {StepScale["nearest"]} */
  const nearest = x =>
    places.reduce((best, p, i) => (Math.abs(p - x) < Math.abs(places[best] - x) ? i : best), 0);
  return {
    steps,
    at: i => places[i],
    place,
    nearest,
    // half-way to its neighbours
    cell: i => [
      i ? (places[i - 1] + places[i]) / 2 : 0,
      i < last ? (places[i] + places[i + 1]) / 2 : 1,
    ],
  };
};

/** @param {number} step */
export const stepWords = step => (step < 10000 ? integer(step) : compact(step));

/**
 * The steps whose labels have room, the last first, then the first, then from the left.
 *
 * @param {StepScale} scale
 * @param {number} width in pixels
 */
export const stepLabels = (scale, width) => {
  /** @type {[number, number][]} */
  const taken = [];
  /** @param {number} i */
  const takeRoom = i => {
    const half = 3.6 * stepWords(scale.steps[i]).length + 4;
    const x = scale.at(i) * width;
    if (taken.some(([a, b]) => x + half >= a && x - half <= b)) return false;
    taken.push([x - half, x + half]);
    return true;
  };
  return [...new Set([scale.steps.length - 1, ...scale.steps.keys()])].filter(takeRoom);
};

/**
 * Round values between two others.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most one less than there are at most
 */
export const axisTicks = (low, high, most = 3) => {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5].find(u => u * power >= rough * 0.999) ?? 10;
  const unit = factor * power;
  const values = [];
  for (let k = Math.ceil(low / unit - 1e-9); k * unit <= high + 1e-9 * unit; k++) {
    values.push(Number((k * unit).toPrecision(10)));
  }
  return values;
};
