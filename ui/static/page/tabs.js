// @ts-check
// The tabs of the page, as ui/page/widgets.py lists them: the script that fills each, and what it keeps in
// the address.

import { store } from "./store.js";

/** @typedef {{ name: string, script: string, texts: import("./types.d.ts").Text[] }} Tab */

const FRAME_TEXTS = /** @type {const} */ (["ask", "whole"]);

/** @type {Map<string, Tab>} by its place in the address */
export const tabs = new Map();

/** @param {Tab[]} list */
export const registerTabs = list => {
  for (const text of FRAME_TEXTS) store.state[text] = "";
  for (const tab of list) {
    tabs.set(tab.name, tab);
    for (const text of tab.texts) store.state[text] = "";
  }
};

/** What tabs, and what lies over them, keep in the address besides: `store.state[text]`. */
export const tabTexts = () => [...FRAME_TEXTS, ...[...tabs.values()].flatMap(tab => tab.texts)];
