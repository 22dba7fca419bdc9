// @ts-check
// Colours for many clusters, so that those beside each other differ.

/** @typedef {[number, number, number]} Colour red, green and blue, each of 255 */

/** @type {Colour} of what has no colour of its own */
export const OTHER = [150, 150, 150];

/** @type {Colour[]} twelve hues, dark and light */
const PALETTE = Array.from({ length: 24 }, (_, p) => {
  const [turn, light] = [p % 12, p < 12 ? 0.42 : 0.58];
  const channel = (/** @type {number} */ k) => {
    const at = (k + turn) % 12;
    const wave = Math.max(-1, Math.min(at - 3, 9 - at, 1));
    return Math.round(255 * (light - 0.65 * Math.min(light, 1 - light) * wave));
  };
  return [channel(0), channel(8), channel(4)];
});
const AROUND = 8; // clusters that one is compared with

/**
 * How unlike two colours look, squared: the weights of red and blue follow the eye's ("redmean").
 *
 * @param {Colour} one
 * @param {Colour} other
 */
export const unlike = ([r, g, b], [r2, g2, b2]) => {
  const red = (r + r2) / 512;
  return (2 + red) * (r - r2) ** 2 + 4 * (g - g2) ** 2 + (3 - red) * (b - b2) ** 2;
};

/**
 * A colour of the palette for each place, in order: unlike those around it, the nearest most of all.
 *
 * @param {[number, number][]} places
 */
export const spreadColours = places => {
  /** @type {Colour[]} */
  const colours = [];
  for (const [x, y] of places) {
    const around = colours
      .map((color, c) => ({ color, away: (places[c][0] - x) ** 2 + (places[c][1] - y) ** 2 }))
      .sort((a, b) => a.away - b.away)
      .slice(0, AROUND);
    const alike = PALETTE.map(color =>
      around.reduce((sum, near, k) => sum + 1 / ((k + 1) * unlike(color, near.color)), 0),
    );
    colours.push(PALETTE[alike.indexOf(Math.min(...alike))]);
  }
  return colours;
};

/**
 * A colour for each cluster by its number: they are numbered from the largest on.
 *
 * @param {import("./points.js").Points} points
 * @param {import("../page/packed.js").Numbers} cluster of each point, -1 for none
 */
export const clusterColours = (points, cluster) => {
  /** @type {[number, number, number][]} sums of x and y, and their number */
  const sums = [];
  for (let i = 0; i < points.n; i++) {
    const c = cluster[i];
    if (c < 0) continue;
    const sum = (sums[c] ??= [0, 0, 0]);
    sum[0] += points.x[i];
    sum[1] += points.y[i];
    sum[2]++;
  }
  /** @type {[number, number][]} */
  const places = Array.from(sums, (sum, c) => {
    const label = points.labels.get(c);
    if (label) return [label.x, label.y];
    return sum ? [sum[0] / sum[2], sum[1] / sum[2]] : [0, 0];
  });
  return spreadColours(places);
};
