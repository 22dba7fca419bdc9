// @ts-check
// What was asked before, kept in this browser.

import { keepHere, readKept } from "./kept.js";

const KEY = "kn-asks";
const KEPT = 8;

/**
 * The list with a text at its head.
 *
 * @param {string[]} texts
 * @param {string} text
 */
export const added = (texts, text) => [text, ...texts.filter(t => t !== text)].slice(0, KEPT);

/**
 * The texts of what was kept; none where that is nothing, or another program's.
 *
 * @param {string | null} kept
 * @returns {string[]}
 */
export const parsed = kept => {
  try {
    const texts = JSON.parse(kept ?? "[]");
    return Array.isArray(texts) ? texts.filter(t => typeof t === "string").slice(0, KEPT) : [];
  } catch {
    return [];
  }
};

export const recentAsks = () => parsed(readKept(KEY));

/** @param {string} text */
export const rememberAsk = text => keepHere(KEY, JSON.stringify(added(recentAsks(), text)));
