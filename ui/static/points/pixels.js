// @ts-check
// Points as dots, filled pixel by pixel: quicker than any drawing call where there are many.

/**
 * @typedef {object} Dots in the order of drawing
 * @property {Uint32Array} order the point of each
 * @property {Float32Array} x in 0..1, NaN for one that isn't drawn
 * @property {Float32Array} y
 * @property {Uint32Array} colors 0 for one that isn't drawn
 */

/**
 * The numbers below n in a mixed order, always the same: drawn so, no layer or country covers the
 * others.
 *
 * @param {number} n
 */
export const shuffled = n => {
  const list = Uint32Array.from({ length: n }, (_, i) => i);
  let seed = 1;
  for (let i = n - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = seed % (i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
};

/**
 * The side of a dot in device pixels: smaller where there are many.
 *
 * @param {number} n
 * @param {number} size where there are few
 */
export const dotSize = (n, size) => {
  const crowd = Math.max(1, Math.sqrt(n) / 70);
  return Math.max(2, Math.min(9, Math.round(size / Math.sqrt(crowd))));
};

/**
 * @param {ImageData} image
 * @param {Dots} dots
 * @param {{ left: number, top: number, scale: number, dot: number }} at pixels of the map's origin,
 *   of its unit and of a dot
 */
export const paintDots = (image, { x, y, colors }, { left, top, scale, dot }) => {
  const { width, height } = image;
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(0);
  const [right, bottom] = [width - dot, height - dot];
  for (let i = 0; i < x.length; i++) {
    const px = Math.floor(left + x[i] * scale);
    const py = Math.floor(top + y[i] * scale);
    const color = colors[i];
    if (!color || !(px >= 0 && py >= 0 && px <= right && py <= bottom)) continue;
    const end = (py + dot) * width + px;
    for (let row = py * width + px; row < end; row += width) {
      for (let at = row; at < row + dot; at++) pixels[at] = color;
    }
  }
};
