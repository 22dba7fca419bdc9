// @ts-check
// What was asked before, kept in this browser.

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

/** The browser's memory; null where the person's settings refuse one. */
const memory = () => {
  try {
    return localStorage;
  } catch {
    return null;
  }
};

export const recentAsks = () => parsed(memory()?.getItem(KEY) ?? null);

/** @param {string} text */
export const rememberAsk = text =>
  memory()?.setItem(KEY, JSON.stringify(added(recentAsks(), text)));
