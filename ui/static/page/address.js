// @ts-check
// What is on screen, as the page's address says it.

import { packText, unpackText } from "./long_text.js";
import { emit, store } from "./store.js";

/** @typedef {import("./types.d.ts").State} State */

const NUMBERS = /** @type {const} */ (["prompt", "token", "layer", "neuron"]);
const LONGEST_TEXT = 1500; // characters in the address as they are
const LONGEST_PACKED = 8000; // and packed
const PACKED = ".z"; // ends the name of a text that is packed

/** @type {Map<string, string>} the packed form of a long text */
const packedOf = new Map();

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
  if (wanted.whole && wanted.whole !== "neuron") {
    wrong.push(`whole=${wanted.whole}`);
    wanted.whole = "";
  }
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
    const packed = packedOf.get(String(value));
    if (packed) address.searchParams.set(name + PACKED, packed);
    else address.searchParams.delete(name + PACKED);
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
  if (href !== location.href) history[push ? "pushState" : "replaceState"](null, "", href);
  for (const value of Object.values(store.state)) {
    if (typeof value === "string" && value.length > LONGEST_TEXT && !packedOf.has(value)) {
      pack(value);
    }
  }
};

/** @param {string} text that is too long: its packed form comes into the address a moment later */
const pack = async text => {
  const packed = await packText(text);
  const fits = packed.length <= LONGEST_PACKED;
  const onScreen = /** @type {unknown[]} */ (Object.values(store.state));
  for (const kept of packedOf.keys()) if (!onScreen.includes(kept)) packedOf.delete(kept);
  packedOf.set(text, fits ? packed : "");
  if (!onScreen.includes(text)) return;
  if (fits) saveAddress(false);
  else notify("This text is too long for a link: the address doesn't have it.");
};

/**
 * The texts that an address has in packed form.
 *
 * @param {string} search
 * @param {import("./types.d.ts").Text[]} names
 * @returns {Promise<Partial<State>>}
 */
export const longTexts = async (search, names) => {
  const given = new URLSearchParams(search);
  /** @type {Partial<State>} */
  const found = {};
  for (const name of names) {
    const packed = given.get(name + PACKED);
    const text = packed && (await unpackText(packed));
    if (packed && !text) notify("A long text in this address is cut: it can't be read.");
    if (text) found[name] = text;
  }
  return found;
};

/** @typedef {{ prompt?: number | null, head?: number }} Near the nearest prompt, the last head */

/** @type {Record<string, (value: string, isNumber: boolean, near: Near) => string>} */
const INSTEAD = {
  model: value => `This lake has no atlas “${value}”: its first one is shown instead.`,
  tab: value => `There is no tab “${value}”: Explore is shown instead.`,
  whole: value => `There is no page “${value}”: the tab under it is shown.`,
  prompt: (value, isNumber, { prompt }) => {
    if (!isNumber) return `“${value}” is no prompt's number: the first prompt is shown instead.`;
    const instead =
      prompt === undefined || prompt === null ? "its first one" : `the nearest, ${prompt},`;
    return `There is no prompt ${value} in this atlas: ${instead} is shown instead.`;
  },
  token: (value, isNumber) =>
    (isNumber ? `This prompt has no token ${value}` : `“${value}” is no token's number`) +
    ": another one of its tokens is shown instead.",
  layer: (value, isNumber) =>
    (isNumber ? `This model has no layer ${value}` : `“${value}” is no layer's number`) +
    ": another neuron is shown instead.",
  neuron: (value, isNumber) =>
    (isNumber ? `This model has no neuron ${value}` : `“${value}” is no neuron's number`) +
    ": another one is shown instead.",
  target: value => `“${value}” is no target: what really follows is the target instead.`,
  against: value => `“${value}” is no token that a target could be set against: it stands alone.`,
  order: value => `Neurons have no order “${value}”: they are ordered by contribution instead.`,
  head: (value, isNumber, { head }) =>
    (isNumber
      ? `This model has no attention head ${value}, the last of a layer is ${head}: the mean over heads`
      : `“${value}” is no attention head: what the neuron reads`) + " is shown instead.",
  colours: value =>
    `There are no colours “${value}”: those of the current position are shown instead.`,
  lens: value => `There is no lens “${value}”: the logit lens is shown instead.`,
};

/**
 * What an address asks for in vain, a sentence each: what isn't there, and what is shown instead.
 *
 * @param {string[]} wrong parts of it, as "prompt=99999"
 * @param {Near} near
 */
export const ignoredWords = (wrong, near = {}) =>
  wrong
    .map(part => {
      const [name, ...rest] = part.split("=");
      const value = rest.join("=");
      const words =
        INSTEAD[name] ?? (() => `“${value}” is nothing that ${name} can be: it is left out.`);
      return words(value, /^\d{1,9}$/.test(value), near);
    })
    .join(" ");

/**
 * @param {string[]} wrong
 * @param {Near} [near]
 */
export const notifyIgnored = (wrong, near) => notify(ignoredWords(wrong, near));

/** @param {string} words shown in the bar; none where it is "" */
export const notify = words => emit("notice", words);
