// @ts-check
// The lens of the column beside the rows, as the address writes it.

/** @typedef {"logit" | "linear" | "middle"} Lens */

/** @type {[Lens, string, string][]} each with its name, and what it reads */
export const LENSES = [
  ["logit", "logit", "What the model would say if it ended after the layer"],
  [
    "linear",
    "linear",
    "What the model would say if a linear map, fitted on the corpus, stood in for all later layers",
  ],
  ["middle", "before the MLP", "The logit lens between the layer’s attention and its MLP"],
];

/**
 * @param {string} text
 * @returns {Lens | undefined}
 */
export const readLens = text =>
  LENSES.map(([lens]) => lens).find(lens => lens === (text || "logit"));

/**
 * The lens that a text of the address means; the logit lens where it means none.
 *
 * @param {string | undefined} text
 */
export const lensOfText = text => readLens(text ?? "") ?? "logit";

/** @param {Lens} lens */
export const lensName = lens => LENSES.find(([name]) => name === lens)?.[1] ?? "";
