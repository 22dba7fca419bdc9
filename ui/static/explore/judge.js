// @ts-check
// What the cells of fired neurons are ordered and coloured by: their contribution to the target's
// logit, how unusual the value is for the neuron, or the raw activation.

import { logits } from "../page/contributions.js";
import { integer, number, percent } from "../page/format.js";

/** @typedef {import("../page/prompt.js").Prompt} Prompt */
/** @typedef {import("../page/prompt.js").Fired} Fired */
/** @typedef {import("../page/target_text.js").Order} Order */
/**
 * @typedef {object} Judge
 * @property {Order} by what cells really show: raw where what was asked for isn't there
 * @property {(cells: Fired[], layer: number) => Fired[]} sort those shown, in their order
 * @property {(cell: Fired, layer: number) => number} share of full colour, signed, -1 to 1
 * @property {(cell: Fired, layer: number) => string} words
 * @property {string} full what full colour is
 * @property {[string, string]} signs what the two colours mean
 */
/**
 * @typedef {object} Known of a prompt
 * @property {Prompt} prompt
 * @property {import("../page/contributions.js").Contributions | null} data
 * @property {ArrayLike<number> | null} shares of prompts whose peak is at least as high
 * @property {number} nPrompts
 * @property {(layer: number, neuron: number) => boolean} isFolded
 */

const THRESHOLDS = 4; // that are full colour of a raw activation
const RAREST = 3; // powers of ten: a share of prompts of 0.1 % is full colour

/**
 * @param {Order} order
 * @param {Known} known
 * @returns {Judge}
 */
export const judge = (order, known) => {
  const { prompt, data, shares, nPrompts, isFolded } = known;
  const raw = rawJudge(prompt);
  const shown = (/** @type {Fired[]} */ cells, /** @type {number} */ layer) =>
    cells.filter(({ neuron }) => !isFolded(layer, neuron));
  /** @type {(rank: (cell: Fired) => number) => Judge["sort"]} the largest first */
  const by = rank => (cells, layer) => shown(cells, layer).sort((a, b) => rank(b) - rank(a));
  const colours = data ? contributionColours(data, raw) : raw;
  if (order === "contribution" && data) {
    return { by: order, sort: by(({ i }) => Math.abs(data.fired[i])), ...colours };
  }
  if (order === "unusual" && shares) {
    return { by: order, sort: by(({ i }) => -shares[i]), ...unusualColours(shares, nPrompts, raw) };
  }
  if (order === "index") return { by: order, sort: by(({ neuron }) => -neuron), ...colours };
  return { by: "raw", sort: by(({ activation }) => Math.abs(activation)), ...raw };
};

/** @typedef {Omit<Judge, "by" | "sort">} Colours */

/**
 * Full colour is a number of the layer's thresholds: the same in each prompt of an atlas.
 *
 * @param {Prompt} prompt
 * @returns {Colours}
 */
const rawJudge = ({ thresholds, scale }) => {
  const whole = (/** @type {number} */ layer) => {
    const threshold = thresholds[layer];
    return threshold ? THRESHOLDS * threshold : scale(layer);
  };
  return {
    share: ({ activation }, layer) => clamp(activation / whole(layer)),
    words: ({ activation }, layer) => {
      const threshold = thresholds[layer];
      const from = threshold === undefined ? "" : ` · fires from ${number(threshold)}`;
      return `activation ${number(activation)}${from}`;
    },
    full: thresholds.length
      ? `${THRESHOLDS} × its layer's threshold`
      : "98th percentile of its layer",
    signs: ["above 0", "below 0"],
  };
};

/**
 * @param {import("../page/contributions.js").Contributions} data
 * @param {Colours} raw
 * @returns {Colours}
 */
const contributionColours = ({ fired, full }, raw) => ({
  share: ({ i }) => clamp(fired[i] / full.neuron),
  words: (cell, layer) => `${logits(fired[cell.i])} · ${raw.words(cell, layer)}`,
  full: `${number(full.neuron)} logit`,
  signs: ["supports", "against"],
});

/**
 * @param {ArrayLike<number>} shares
 * @param {number} nPrompts
 * @param {Colours} raw
 * @returns {Colours}
 */
const unusualColours = (shares, nPrompts, raw) => ({
  share: ({ i, activation }) => {
    const rarity = -Math.log10(Math.max(shares[i], 10 ** -RAREST)) / RAREST;
    return Math.sign(activation) * rarity;
  },
  words: (cell, layer) => `${rarityWords(shares[cell.i], nPrompts)} · ${raw.words(cell, layer)}`,
  full: "in 0.1 % of prompts or fewer",
  signs: ["above 0", "below 0"],
});

/**
 * @param {number} share
 * @param {number} nPrompts
 */
export const rarityWords = (share, nPrompts) => {
  const n = Math.round(share * nPrompts);
  const many = n ? `${integer(n)} of ${integer(nPrompts)} (${percent(share)})` : "none";
  return `peaks as high in ${many} prompts`.replace("none prompts", "no prompt of the atlas");
};

/** @param {number} share */
const clamp = share => Math.max(-1, Math.min(1, share || 0));

/**
 * Opacity of a share of full colour: small ones can still be told from nothing.
 *
 * @param {number} share
 */
export const opacity = share => 0.07 + 0.93 * Math.min(1, Math.abs(share)) ** 0.55;
