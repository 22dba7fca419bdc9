// @ts-check
// What is shown of a neuron in the prompt on screen, as the address writes it: whose attention its
// activations are weighed with, and what the colours are of.

/** @typedef {"current" | "sum" | "attention"} Colours */

/** @type {[Colours, string][]} each with its words */
export const COLOURS = [
  ["current", "current position"],
  ["sum", "sum over positions"],
  ["attention", "attention alone"],
];

/**
 * Whose attention a text of the address means: "mean" over heads, or a head's number; null for "",
 * where what the neuron reads is shown; undefined where it means none.
 *
 * @param {string} text
 * @returns {number | "mean" | null | undefined}
 */
export const readHead = text => {
  if (text === "" || text === "mean") return text || null;
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
};

/** @param {number | null} head null: their mean */
export const headText = head => (head === null ? "mean" : String(head));

/**
 * @param {string} text
 * @returns {Colours | undefined}
 */
export const readColours = text =>
  COLOURS.map(([colours]) => colours).find(colours => colours === (text || "current"));
