// @ts-check
// The tabs: each one's script announces it, with how its page is filled.

import { store } from "./store.js";

/** @typedef {import("./types.d.ts").Text} Text */

/** @type {Map<string, (widget: import("./types.d.ts").Widget) => void>} by its place in the address */
export const tabs = new Map();

/** @type {Text[]} what tabs keep in the address besides */
export const tabTexts = [];

/**
 * @param {string} name
 * @param {(widget: import("./types.d.ts").Widget) => void} mount
 * @param {Text[]} texts what the tab keeps in the address: `store.state[text]`
 */
export const addTab = (name, mount, texts = []) => {
  tabs.set(name, mount);
  for (const text of texts) {
    tabTexts.push(text);
    store.state[text] = "";
  }
};
