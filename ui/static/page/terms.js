// @ts-check
// Terms of the glossary in headings, labels and buttons: the first of each in a pane explains itself on
// hover and on focus.

import { explain, loadMeanings, term } from "./glossary.js";

const TEXTS =
  "h2, h3, h4, th, dt, legend, label, summary, figcaption, .kn-sentence, .kn-verdict, .kn-ask-reason";
const CONTROLS = "button, a, [role=tab]";
const NOT = ".kn-prose, bdi, code, .kn-term, button, select, a";
const REST = 300; // milliseconds without a change, before panes are looked through
const LETTER = "[\\p{L}\\p{N}_-]";

/** @typedef {{ from: number, to: number, key: string }} Found a term's place in a text */

/**
 * An expression that finds terms, in the plural too; of two that begin together the longer one.
 *
 * @param {string[]} keys of the glossary
 */
export const termPattern = keys => {
  const single = keys.filter(key => !/[,(]/.test(key.replace("p(answer)", "")));
  const words = [...single, "prompt"].sort((a, b) => b.length - a.length);
  const escaped = words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?<!${LETTER})(${escaped.join("|")})(s?)(?!${LETTER})`, "giu");
};

/**
 * @param {RegExp} pattern
 * @param {string} text
 * @returns {Found[]}
 */
export const termsIn = (pattern, text) =>
  [...text.matchAll(pattern)]
    .filter(found => found[1].toLowerCase() !== "p" || found[0] === "P") // the letter: P alone
    .map(found => ({
      from: found.index,
      to: found.index + found[0].length,
      key: found[1].toLowerCase(),
    }));

/**
 * The glossary's key of a word: a prompt is of the corpus, or of a fact.
 *
 * @param {string} key
 * @param {Element} pane
 */
const inGlossary = (key, pane) => {
  if (key !== "prompt") return key;
  const isOfFact = pane.closest("#kn-knowledge, #kn-training, #kn-circuit") !== null;
  return isOfFact ? "prompt (of a fact)" : "prompt (of the corpus)";
};

/**
 * Mark the terms of a pane that none explains yet.
 *
 * @param {Element} pane
 * @param {RegExp} pattern
 */
const mark = (pane, pattern) => {
  const marked = new Set(
    [...pane.querySelectorAll("[data-term]")].map(
      node => /** @type {HTMLElement} */ (node).dataset.term,
    ),
  );
  for (const node of pane.querySelectorAll(TEXTS)) {
    if (node.closest("[data-kn]") === pane && !node.closest(NOT))
      markIn(node, pane, pattern, marked);
  }
  for (const node of pane.querySelectorAll(CONTROLS)) {
    if (!(node instanceof HTMLElement) || node.dataset.term || node.closest("[data-kn]") !== pane)
      continue;
    const found = termsIn(pattern, node.textContent ?? "")
      .map(({ key }) => inGlossary(key, pane))
      .find(key => !marked.has(key));
    if (!found) continue;
    marked.add(found);
    explain(node, found);
  }
};

/**
 * @param {Element} node
 * @param {Element} pane
 * @param {RegExp} pattern
 * @param {Set<string | undefined>} marked
 */
const markIn = (node, pane, pattern, marked) => {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (const text of texts) {
    if (text.parentElement?.closest(NOT)) continue;
    // From the end, so that places before it stay.
    for (const { from, to, key } of firstOf(termsIn(pattern, text.data), pane, marked).reverse()) {
      const rest = text.splitText(from);
      rest.splitText(to - from);
      rest.replaceWith(term(key, rest.data));
    }
  }
};

/**
 * Those of the terms that aren't marked in the pane, each once; they are from now on.
 *
 * @param {Found[]} found
 * @param {Element} pane
 * @param {Set<string | undefined>} marked
 */
const firstOf = (found, pane, marked) =>
  found
    .map(place => ({ ...place, key: inGlossary(place.key, pane) }))
    .filter(({ key }) => !marked.has(key) && marked.add(key));

/** Keep the terms of all panes marked, as they are filled. */
export const followTerms = async () => {
  let keys;
  try {
    keys = Object.keys(await loadMeanings());
  } catch {
    return; // words stay plain where the server is gone: its next answer says so
  }
  const pattern = termPattern(keys);
  const all = () => {
    for (const pane of document.querySelectorAll("[data-kn]")) {
      if (pane.checkVisibility()) mark(pane, pattern);
    }
  };
  /** @type {ReturnType<typeof setTimeout>} */
  let rest;
  new MutationObserver(() => {
    clearTimeout(rest);
    rest = setTimeout(all, REST);
  }).observe(document.body, { childList: true, subtree: true });
  all();
};
