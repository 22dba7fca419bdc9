// @ts-check
// What is on screen, as the page's address says it.

import { emit, store } from "./store.js";

/** @typedef {import("./types.d.ts").State} State */

const NUMBERS = /** @type {const} */ (["prompt", "token", "layer", "neuron"]);
const LONGEST_TEXT = 1500; // characters in the address

/**
 * What an address asks for, and its parts that ask for nothing there is.
 *
 * @param {string} search the address from its "?"
 * @param {{ tabs: string[], models: string[], texts: import("./types.d.ts").Text[] }} there `texts` are
 *   those that tabs keep in the address
 * @returns {{ wanted: Partial<State>, wrong: string[] }}
 */
export const readAddress = (search, { tabs, models, texts }) => {
  const given = new URLSearchParams(search);
  /** @type {Partial<State>} */
  const wanted = {};
  /** @type {string[]} */
  const wrong = [];
  for (const name of NUMBERS) {
    const text = given.get(name);
    if (text === null) continue;
    if (/^\d{1,9}$/.test(text)) wanted[name] = Number(text);
    else wrong.push(`${name}=${text}`);
  }
  const tab = given.get("tab");
  if (tab !== null && tabs.includes(tab)) wanted.tab = tab;
  else if (tab !== null) wrong.push(`tab=${tab}`);
  const model = given.get("model");
  if (model !== null && models.includes(model)) wanted.model = model;
  else if (model !== null) wrong.push(`model=${model}`);
  for (const name of texts) wanted[name] = given.get(name) ?? "";
  return { wanted, wrong };
};

/**
 * The address of a state: what it says of anything else is kept.
 *
 * @param {string} href
 * @param {State} state
 */
export const writeAddress = (href, state) => {
  const address = new URL(href);
  for (const [name, value] of Object.entries(state)) {
    if (value === null || value === "" || String(value).length > LONGEST_TEXT) {
      address.searchParams.delete(name);
    } else {
      address.searchParams.set(name, String(value));
    }
  }
  return address.href;
};

/** @param {boolean} push whether this is a step in the browser's history */
export const saveAddress = push => {
  const href = writeAddress(location.href, store.state);
  if (href === location.href) return;
  history[push ? "pushState" : "replaceState"](null, "", href);
};

/**
 * Say which parts of the address ask for nothing there is.
 *
 * @param {string[]} wrong
 */
export const notifyIgnored = wrong =>
  notify(wrong.length ? `Ignored from the address: ${wrong.join(", ")}.` : "");

/** @param {string} words shown in the bar; none where it is "" */
export const notify = words => emit("notice", words);
