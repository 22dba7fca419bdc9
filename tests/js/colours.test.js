// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { KINDS, ramp } from "../../ui/static/points/colours.js";

/** @param {number[]} rgb of 255, in linear light */
const linear = rgb =>
  rgb.map(v => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
/** @param {number[]} rgb linear */
const lightness = ([r, g, b]) => 116 * Math.cbrt(0.2126 * r + 0.7152 * g + 0.0722 * b) - 16;
/** @param {number[]} rgb linear */
const lab = ([r, g, b]) => {
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map(v => (v > 0.008856 ? Math.cbrt(v) : 7.787 * v + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
};
// Machado, Oliveira and Fernandes 2009, at full severity
const SEEN_BY = {
  all: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopes: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopes: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
}; // prettier-ignore

for (const [who, m] of Object.entries(SEEN_BY)) {
  test(`the classes' colours are told apart by ${who}`, () => {
    const seen = KINDS.map(colour => {
      const [r, g, b] = linear(colour);
      return lab([0, 3, 6].map(k => Math.max(0, m[k] * r + m[k + 1] * g + m[k + 2] * b)));
    });
    for (let i = 0; i < seen.length; i++) {
      for (let j = 0; j < i; j++) {
        const apart = Math.hypot(...seen[i].map((v, k) => v - seen[j][k]));
        assert.ok(apart > 11, `${KINDS[i]} and ${KINDS[j]}: ${apart}`);
      }
    }
  });
}

test("a scale gets lighter all the way, so that a print in grey keeps it", () => {
  const steps = Array.from({ length: 41 }, (_, k) => lightness(linear(ramp(k / 40))));
  steps.slice(1).forEach((v, k) => assert.ok(v > steps[k], `${k}: ${v} after ${steps[k]}`));
});
