// @ts-check
// Terms of the glossary (docs/glossary.md), whose definition shows on hover, focus or a tap.

import { h } from "./dom.js";
import { hideTip, showTip } from "./tip.js";

/** @typedef {Record<string, string>} Meanings by term, as glossary.json has them */

/** @type {Promise<Meanings> | null} */
let meanings = null;

const fetched = async () => {
  const file = document.getElementById("kn-tab-scripts")?.dataset.glossary ?? "";
  return (await fetch(file)).json();
};

/** All definitions, fetched once; again where that failed. */
export const loadMeanings = () =>
  (meanings ??= fetched().catch(error => {
    meanings = null;
    throw error;
  }));

/**
 * The definition of a term, which may be told in the plural; null where there is none.
 *
 * @param {Meanings} all
 * @param {string} words
 */
export const meaningOf = (all, words) => {
  const key = words.toLowerCase();
  return all[key] ?? all[`${key}s`] ?? all[key.replace(/s$/, "")] ?? null;
};

/**
 * A term of the glossary.
 *
 * @param {string} words of the glossary
 * @param {string} shown in their place
 */
export const term = (words, shown = words) => {
  const node = h("span", { class: "kn-term", tabindex: "0" }, shown);
  explain(node, words);
  node.addEventListener("click", () => tell(node, words));
  return node;
};

/**
 * Show a term's definition while an element has the pointer or the keyboard.
 *
 * @param {HTMLElement} node that can have the focus
 * @param {string} words of the glossary
 */
export const explain = (node, words) => {
  node.dataset.term = words.toLowerCase();
  node.addEventListener("mouseenter", () => tell(node, words));
  node.addEventListener("focus", () => tell(node, words));
  for (const event of ["mouseleave", "blur"]) node.addEventListener(event, hideTip);
  node.addEventListener("keydown", event => {
    if (event.key === "Escape") hideTip();
  });
};

/**
 * @param {HTMLElement} node
 * @param {string} words
 */
const tell = async (node, words) => {
  const meaning = meaningOf(await loadMeanings(), words);
  if (!meaning || !node.matches(":hover, :focus-visible")) return;
  node.setAttribute("aria-description", meaning);
  const { left, bottom } = node.getBoundingClientRect();
  showTip(left, bottom - 8, h("b", {}, words), ` ${meaning}`);
};
