// @ts-check
// One fired neuron as a cell.

import { opacity } from "./judge.js";

const STEPS = 100; // shades of a colour that are told apart: to write one out costs more than to fill

/** @type {Map<string, string[]>} */
const palettes = new Map();

/** @param {number[]} colour */
const shades = colour => {
  const name = colour.join(",");
  let found = palettes.get(name);
  if (!found) {
    const shade = (/** @type {unknown} */ _, /** @type {number} */ i) =>
      `rgba(${name},${opacity(i / STEPS).toFixed(3)})`;
    found = Array.from({ length: STEPS + 1 }, shade);
    palettes.set(name, found);
  }
  return found;
};

/**
 * The colour of a share of full colour, as a canvas reads it.
 *
 * @param {number[]} colour
 * @param {number} share its sign doesn't count
 */
export const shadeOf = (colour, share) =>
  shades(colour)[Math.round(STEPS * Math.min(1, Math.abs(share)))];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{ x: number, y: number, width: number, height: number }} place
 * @param {number} share of the full colour, below 0 in the negative one
 * @param {{ positive: number[], negative: number[], ink: string }} colours
 */
export const paintCell = (context, { x, y, width, height }, share, { positive, negative, ink }) => {
  context.fillStyle = shadeOf(share < 0 ? negative : positive, share);
  context.fillRect(x, y + 1, width - 1, height - 2);
  if (share >= 0) return;
  context.fillStyle = ink; // a minus sign: in print both colours are one grey
  context.globalAlpha = Math.max(0.3, opacity(share));
  context.fillRect(x + 1, y + Math.round(height / 2) - 1, Math.max(1, width - 3), 1);
  context.globalAlpha = 1;
};
