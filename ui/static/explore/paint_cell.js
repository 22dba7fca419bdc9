// @ts-check
// One fired neuron as a cell.

import { opacity } from "./judge.js";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{ x: number, y: number, width: number, height: number }} place
 * @param {number} share of the full colour, below 0 in the negative one
 * @param {{ positive: number[], negative: number[], ink: string }} colours
 */
export const paintCell = (context, { x, y, width, height }, share, { positive, negative, ink }) => {
  const [r, g, b] = share < 0 ? negative : positive;
  context.fillStyle = `rgba(${r},${g},${b},${opacity(share)})`;
  context.fillRect(x, y + 1, width - 1, height - 2);
  if (share >= 0) return;
  context.fillStyle = ink; // a minus sign: in print both colours are one grey
  context.globalAlpha = Math.max(0.3, opacity(share));
  context.fillRect(x + 1, y + Math.round(height / 2) - 1, Math.max(1, width - 3), 1);
  context.globalAlpha = 1;
};
