// @ts-check
// What a neuron's page says in words: its halves, its rules and their figures.

import { counted, integer, number, percent, quoted } from "../page/format.js";

/** @typedef {import("./types.d.ts").Rule} Rule */
/** @typedef {import("./types.d.ts").Sign} Sign */
/** @typedef {import("./types.d.ts").Bar} Bar */

/** @param {Sign} sign */
export const halfName = sign => (sign === 1 ? "Positive half" : "Negative half");

/** @type {Record<string, string>} what stands before the terms of a rule, by its kind */
const BEGINNINGS = {
  token: "fires at",
  "2-gram": "fires at the end of",
  "3-gram": "fires at the end of",
  after: "fires right after",
  before: "fires right before",
  country: "fires in prompts about",
  continent: "fires in prompts about",
  capital: "fires in prompts about",
  population: "fires in prompts about cities of",
};

/** @type {Record<string, string>} */
const CAPITALS = { capital: "capitals", "no capital": "other cities than capitals" };

/** @param {string} kind */
export const isOfTokens = kind => /^(token|\d-gram|after|before)$/.test(kind);

/**
 * A rule's beginning, and its terms as they are shown: tokens with their spaces seen.
 *
 * @param {Pick<Rule, "kind" | "terms">} rule
 * @returns {{ begins: string, terms: string[] }}
 */
export const ruleParts = ({ kind, terms }) => ({
  begins: BEGINNINGS[kind] ?? "",
  terms: terms.map(term =>
    isOfTokens(kind) ? quoted(term) : kind === "capital" ? (CAPITALS[term] ?? term) : term,
  ),
});

/**
 * A share with its interval: "92.0 % (90.1 % to 93.7 %)".
 *
 * @param {number | null} share
 * @param {number | null} low
 * @param {number | null} high
 */
export const withInterval = (share, low, high) =>
  share === null || low === null || high === null
    ? "–"
    : `${percent(share)} (${percent(low)} to ${percent(high)})`;

/**
 * Why a half has no rule: too few firings to check one, or none that holds.
 *
 * @param {number} nFired at all
 * @param {number} nHeldOut at held-out prompts
 */
export const noRuleWords = (nFired, nHeldOut) => {
  if (!nFired) return "It never fired so.";
  const words = `No rule found: it fired at ${counted(nFired, "token")}`;
  return nHeldOut
    ? `${words}, and no rule beats its base rate on held-out prompts.`
    : `${words}, none of them in a held-out prompt, so no rule could be checked.`;
};

/** @param {import("./types.d.ts").Lift} row */
export const liftWords = ({ lift, lift_low: low, lift_high: high }) =>
  `${number(lift)} (${number(low)} to ${number(high)})`;

/**
 * Where a neuron's value at the token on screen lies: on the histogram's scale, beyond it, or below
 * the threshold.
 *
 * @param {number | null} here its value, null where it didn't fire
 * @param {number | null} threshold
 * @param {{ isSink?: boolean, isBeyond?: boolean }} how
 */
export const hereWords = (here, threshold, { isSink = false, isBeyond = false } = {}) => {
  if (here !== null && isSink) {
    return `activation ${number(here)}, at an attention sink, which the histogram leaves out`;
  }
  if (here !== null) {
    const beyond = isBeyond ? ", larger than any of the corpus" : "";
    return `activation ${number(here)}${beyond}`;
  }
  return threshold === null ? "" : `below the threshold of ${number(threshold)}`;
};

/**
 * A histogram in a sentence, for those who don't see it.
 *
 * @param {Bar[]} bars
 */
export const histogramWords = bars => {
  const middle = bars.find(bar => bar.sign === 0);
  const of = (/** @type {Sign} */ sign) =>
    bars.filter(bar => bar.sign === sign).reduce((sum, bar) => sum + bar.n, 0);
  const ends =
    bars.length > 1
      ? `, from ${number(bars[0].lower)} to ${number(bars[bars.length - 1].upper)}`
      : "";
  return (
    `Activations over the corpus${ends}: ${integer(of(1))} tokens fire positively, ` +
    `${integer(of(-1))} negatively, ${integer(middle?.n ?? 0)} are below the threshold.`
  );
};
