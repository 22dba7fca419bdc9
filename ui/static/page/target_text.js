// @ts-check
// The target of contributions, as the address writes it and as the server is asked for it.

import { readColours, readHead } from "./attention_text.js";
import { readLens } from "./lens_text.js";

/**
 * @typedef {{ kind: "next" } | { kind: "answer" } | { kind: "token", token: string, first?: true }} Target
 */

/**
 * The target that a text of the address means; undefined where it means none.
 *
 * "": what really follows; "answer": the model's own answer; a JSON string: that token.
 *
 * @param {string} text
 * @returns {Target | undefined}
 */
export const readTarget = text => {
  if (text === "") return { kind: "next" };
  if (text === "answer") return { kind: "answer" };
  try {
    const token = JSON.parse(text);
    return typeof token === "string" && token ? { kind: "token", token } : undefined;
  } catch {
    return undefined;
  }
};

/**
 * What a target is set against; null: nothing.
 *
 * @param {string} text
 * @returns {Target | null | undefined}
 */
export const readAgainst = text => (text === "" ? null : readTarget(text));

/** @param {string} token */
export const tokenText = token => JSON.stringify(token);

/** @typedef {"contribution" | "unusual" | "raw" | "index"} Order of the neurons in a row */

/** @type {[Order, string][]} each with its words */
export const ORDERS = [
  ["contribution", "contribution"],
  ["unusual", "unusual"],
  ["raw", "raw activation"],
  ["index", "by index"],
];

/**
 * @param {string} text
 * @returns {Order | undefined}
 */
export const readOrder = text => {
  if (text === "") return "contribution";
  return ORDERS.map(([order]) => order).find(order => order === text);
};

/**
 * Drop what the address has of a target, an opponent, an order, a head, colours and a lens that there
 * are not; they are added to `wrong`.
 *
 * @param {Partial<import("./types.d.ts").State>} wanted
 * @param {string[]} wrong
 */
export const dropUnread = (wanted, wrong) => {
  const reads = /** @type {const} */ ([
    ["target", readTarget],
    ["against", readAgainst],
    ["order", readOrder],
    ["head", readHead],
    ["colours", readColours],
    ["lens", readLens],
  ]);
  for (const [name, read] of reads) {
    const text = wanted[name] ?? "";
    if (read(text) !== undefined) continue;
    wrong.push(`${name}=${text}`);
    wanted[name] = "";
  }
};
