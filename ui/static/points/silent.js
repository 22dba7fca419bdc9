// @ts-check
// Neurons that never fired: like no other, so they have no place. Where they are wanted they lie in
// rows under the map, in their order.

import { finder } from "./points.js";

const [GAP, FLAT] = [0.05, 40]; // under the map; columns for each row

/**
 * Put them under the map, or off it.
 *
 * @param {import("./points.js").Points} points
 * @param {boolean} isShown
 */
export const placeSilent = (points, isShown) => {
  const { x, y, n, nDrawn } = points;
  let [left, right, top, bottom] = [1, 0, 1, 0];
  for (let i = 0; i < nDrawn; i++) {
    left = Math.min(left, x[i]);
    right = Math.max(right, x[i]);
    top = Math.min(top, y[i]);
    bottom = Math.max(bottom, y[i]);
  }
  if (!nDrawn) [left, right, top, bottom] = [0, 1, 0.5, 0.5];
  const columns = Math.max(1, Math.ceil(Math.sqrt((n - nDrawn) * FLAT)));
  const step = (right - left || 1) / columns;
  for (let i = nDrawn; i < n; i++) {
    const k = i - nDrawn;
    x[i] = isShown ? left + ((k % columns) + 0.5) * step : NaN;
    y[i] = isShown ? bottom + GAP + Math.floor(k / columns) * step : NaN;
  }
  const end = isShown && n > nDrawn ? y[n - 1] : bottom;
  // the middle of the view stays the middle of the map
  points.extent = [right - left || 1, 2 * Math.max(end - 0.5, 0.5 - top) || 1];
  points.find = finder(x, y);
};
