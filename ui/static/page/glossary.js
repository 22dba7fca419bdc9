// @ts-check
// Terms of the glossary (docs/glossary.md), whose definition shows on hover, focus or a tap.

import { h } from "./dom.js";
import { hideTip, showTip } from "./tip.js";

/** @typedef {Record<string, string>} Meanings by term, as glossary.json has them */

/** @type {Promise<Meanings> | null} fetched with the first term that one points at */
let meanings = null;

const fetched = async () => {
  const file = document.getElementById("kn-tab-scripts")?.dataset.glossary ?? "";
  return (await fetch(file)).json();
};

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
  const show = async () => {
    meanings ??= fetched();
    const meaning = meaningOf(await meanings, words);
    if (!meaning || !node.matches(":hover, :focus")) return;
    node.setAttribute("aria-description", meaning);
    const { left, bottom } = node.getBoundingClientRect();
    showTip(left, bottom - 8, h("b", {}, words), ` ${meaning}`);
  };
  for (const event of ["mouseenter", "focus", "click"]) node.addEventListener(event, show);
  for (const event of ["mouseleave", "blur"]) node.addEventListener(event, hideTip);
  node.addEventListener("keydown", event => {
    if (event.key === "Escape") hideTip();
  });
  return node;
};
