// @ts-check
// Numbers and tokens in words.

const integers = new Intl.NumberFormat("en");
const compacts = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumSignificantDigits: 3,
});

/** @typedef {number | null | undefined} Maybe */

/** @param {number} n */
export const compact = n => compacts.format(n);

/** @param {Maybe} n */
export const integer = n => (n === null || n === undefined ? "–" : integers.format(n));

/**
 * Three significant digits.
 *
 * @param {Maybe} x
 */
export const number = x => {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1000) return integers.format(Math.round(x));
  if (size < 0.001) return x.toExponential(1);
  return String(Number(x.toPrecision(3)));
};

/**
 * A probability in three characters.
 *
 * @param {number} p
 */
export const probability = p => {
  if (p < 0.005) return "<.01";
  return p >= 0.995 ? "1.0" : p.toFixed(2).slice(1);
};

/**
 * A probability in a column of them: always three decimals.
 *
 * @param {Maybe} p
 */
export const chance = p => {
  if (p === null || p === undefined || Number.isNaN(p)) return "–";
  if (p > 0 && p < 0.0005) return "<0.001";
  return p < 1 && p > 0.9995 ? ">0.999" : p.toFixed(3);
};

/** @param {number} share of 1 */
export const percent = share => {
  const value = 100 * share;
  if (value && value < 0.01) return "<0.01 %";
  return `${value < 1 ? value.toFixed(2) : value.toFixed(1)} %`;
};

/**
 * A share as a signed percentage.
 *
 * @param {Maybe} share
 */
export const change = share => {
  if (share === null || share === undefined) return "–";
  const value = 100 * share;
  const size = Math.abs(value);
  if (size < 0.05) return "0 %";
  const digits = size >= 1000 ? integer(Math.round(size)) : size.toFixed(size >= 9.95 ? 0 : 1);
  return `${value > 0 ? "+" : "−"}${digits} %`;
};

/**
 * A number of things: "1 fact", "2,000 facts".
 *
 * @param {number} n
 * @param {string} one
 */
export const counted = (n, one) => `${integer(n)} ${one}${n === 1 ? "" : "s"}`;

/**
 * How long a list is of which the beginning is shown.
 *
 * @param {number} total
 * @param {number} listed
 * @param {string} one
 */
export const listedWords = (total, listed, one) =>
  counted(total, one) + (listed < total ? `, ${integer(listed)} listed` : "");

/** @type {Record<string, string>} */
const MARKS = { "\n": "↵", "\r": "␍", "\t": "⇥" };
// Controls that draw nothing, or turn the text around them, are shown by their code.
const UNSEEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** @param {string} c */
const code = c => `⟨${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** A token without a text: bytes of a character that a later token ends. */
const PART = "⟨byte⟩";

/**
 * A token as prose shows it, with marks for what prose would swallow.
 *
 * @param {string} token
 */
export const shown = token => token.replace(UNSEEN, c => MARKS[c] ?? code(c)) || PART;

/**
 * A token that stands alone, so that its spaces must be seen.
 *
 * @param {string} token
 */
export const quoted = token => shown(token).replace(/^ +| +$/g, s => "␣".repeat(s.length));
