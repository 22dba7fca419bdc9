// @ts-check
// The table of a fact's prompts with the model's answers; one of them, or all, is chosen.

import { bdi, faint, h } from "../page/dom.js";
import { chance, integer, probability, quoted } from "../page/format.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").FactPrompt} FactPrompt */
/** @typedef {import("../page/dom.js").Child} Child */

const PREFIX = "answer prefix";
const WHOLE = "of all tokens of the object, each after the ones before it";

/**
 * @param {Subject} subject
 * @param {(prompt: number | null) => void} onpick
 */
export const promptTable = (subject, onpick) => {
  const prompts = subject.fact?.prompts ?? [];
  const asked = subject.asked();
  // where the answers' tokens are one and the same, a note says it
  const hasTokens = new Set(prompts.map(p => p.answer_token)).size > 1;
  const hasWhole = asked.some(p => Number(p.answer_tokens) > 1);
  /**
   * @param {number | null} value
   * @param {Child[]} words
   * @param {Child[]} cells
   */
  const row = (value, words, cells) => {
    const isHere = subject.prompt === value;
    const pick = { type: "button", class: "kn-pick", "aria-pressed": String(isHere) };
    return h(
      "tr",
      {
        "aria-selected": String(isHere),
        class: isHere ? "kn-here" : null,
        onclick: () => onpick(value),
      },
      h("th", { scope: "row" }, h("button", pick, ...words)),
      ...cells,
    );
  };
  const all = () =>
    row(null, [`mean of ${asked.length} prompts`], meanCells(asked, hasTokens, hasWhole));
  const one = (/** @type {FactPrompt} */ p) =>
    row(p.prompt, promptText(p), promptCells(p, hasTokens, hasWhole));
  return h(
    "table",
    {},
    tableHead(hasTokens, hasWhole),
    h("tbody", {}, asked.length > 1 && all(), ...prompts.map(one)),
  );
};

/**
 * @param {boolean} hasTokens
 * @param {boolean} hasWhole
 */
const tableHead = (hasTokens, hasWhole) => {
  const head = (/** @type {string} */ words) => h("th", { scope: "col" }, words);
  return h(
    "thead",
    {},
    h(
      "tr",
      {},
      head("prompt"),
      hasTokens && head("answer"),
      head("P"),
      head("rank"),
      hasWhole && h("th", { scope: "col", title: WHOLE }, "P(whole answer)"),
      head("says it"),
      h("th", { scope: "col", class: "kn-likeliest" }, "most likely token"),
    ),
  );
};

/**
 * @param {FactPrompt[]} asked
 * @param {boolean} hasTokens
 * @param {boolean} hasWhole
 */
const meanCells = (asked, hasTokens, hasWhole) => {
  const mean = asked.reduce((sum, p) => sum + Number(p.probability), 0) / asked.length;
  const said = asked.filter(p => p.greedy).length;
  return [
    hasTokens && h("td", {}),
    h("td", { class: "kn-num" }, chance(mean)),
    h("td", {}),
    hasWhole && h("td", {}),
    h("td", { class: "kn-num" }, `in ${said}`),
    h("td", { class: "kn-likeliest" }),
  ];
};

/** @param {FactPrompt} prompt */
const promptText = ({ text, answer_prefix: prefix }) => [
  bdi(text),
  prefix ? h("span", { class: "kn-faint", title: PREFIX }, bdi(prefix)) : "",
];

/**
 * @param {FactPrompt} prompt
 * @param {boolean} hasTokens
 * @param {boolean} hasWhole
 */
const promptCells = (prompt, hasTokens, hasWhole) => {
  const { answer_token: token, probability: p, rank, top, top_probabilities: tops } = prompt;
  const { greedy, logprob } = prompt;
  const whole = logprob === null ? "" : chance(Math.exp(logprob));
  const answer =
    token === null ? faint("not asked") : h("span", { class: "kn-chip" }, bdi(quoted(token)));
  const likeliest =
    top && h("span", { class: "kn-chip" }, bdi(quoted(top[0])), faint(` ${probability(tops[0])}`));
  return [
    hasTokens && h("td", {}, answer),
    h("td", { class: "kn-num" }, p === null ? "" : chance(p)),
    h("td", { class: "kn-num" }, rank === null ? "" : integer(rank)),
    hasWhole && h("td", { class: "kn-num" }, whole),
    h("td", { class: greedy ? "kn-first" : null }, says(greedy)),
    h("td", { class: "kn-likeliest" }, likeliest),
  ];
};

/** @param {boolean | null} greedy */
const says = greedy => {
  if (greedy === null) return "";
  return greedy ? "yes" : "no";
};
