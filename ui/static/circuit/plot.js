// @ts-check
// Drawing lines by number of units, on a logarithmic axis.

import { s } from "../page/dom.js";
import { share } from "./buys.js";

/** @typedef {import("./types.d.ts").CurvePoint} CurvePoint */

export const HEIGHT = 158;
export const BOX = { left: 42, right: 8, top: 8, bottom: 24 };
const [LOW, HIGH] = [-0.5, 2]; // the axis reaches no further

/** @typedef {{ x: (n: number) => number, y: (share: number | null) => number }} Scale */

/**
 * The shares that the axis reaches from and to.
 *
 * @param {{ points: CurvePoint[] }[]} all
 * @returns {[number, number]}
 */
export const reach = all => {
  const shares = all.flatMap(({ points }) => points.map(p => Number(p.share)));
  return [Math.max(LOW, Math.min(-0.05, ...shares)), Math.min(HIGH, Math.max(1.05, ...shares))];
};

/**
 * @param {number[]} sizes
 * @param {[number, number]} reaches
 * @param {number} width
 * @returns {Scale}
 */
export const scaleOf = (sizes, [low, high], width) => {
  const [first, last] = [Math.log(sizes[0]), Math.log(sizes[sizes.length - 1])];
  const inner = width - BOX.left - BOX.right;
  const tall = HEIGHT - BOX.top - BOX.bottom;
  return {
    x: n => BOX.left + (last > first ? (Math.log(n) - first) / (last - first) : 0.5) * inner,
    y: value => {
      const held = Math.max(low, Math.min(high, Number(value)));
      return BOX.top + ((high - held) / (high - low)) * tall;
    },
  };
};

/**
 * @param {Scale} scale
 * @param {number[]} sizes
 * @param {number} width
 */
export const axes = ({ x, y }, sizes, width) => {
  const grid = s("g", { class: "kn-axis kn-grid" });
  for (const value of [0, 0.5, 1]) {
    const place = { x1: BOX.left, x2: width - BOX.right, y1: y(value), y2: y(value) };
    grid.append(
      s("line", { ...place, class: value ? null : "kn-zero" }),
      s("text", { x: BOX.left - 5, y: y(value) + 4, "text-anchor": "end" }, share(value)),
    );
  }
  for (const n of sizes) {
    const words = n >= 1000 ? `${n / 1000}k` : String(n);
    grid.append(s("text", { x: x(n), y: HEIGHT - 8, "text-anchor": "middle" }, words));
  }
  return grid;
};

/**
 * @param {CurvePoint[]} points
 * @param {string} colour
 * @param {Scale} scale
 */
export const drawn = (points, colour, { x, y }) => {
  const at = points.map(p => `${x(p.n_units)},${y(p.share)}`).join(" ");
  const band = [
    ...points.map(p => `${x(p.n_units)},${y(p.highest)}`),
    ...points.toReversed().map(p => `${x(p.n_units)},${y(p.lowest)}`),
  ].join(" ");
  const area = colour === "own" || colour === "ink";
  return [
    ...(area ? [s("polygon", { class: `kn-band kn-c-${colour}`, points: band })] : []),
    s("polyline", { class: `kn-line kn-c-${colour}`, points: at }),
  ];
};
