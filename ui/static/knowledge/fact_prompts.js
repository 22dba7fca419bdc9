// @ts-check
// The table of a fact's prompts with the model's answers; one of them, or all, is chosen.

import { bdi, faint, h } from "../page/dom.js";
import { integer, number, probability, quoted } from "../page/format.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").FactPrompt} FactPrompt */
/** @typedef {import("../page/dom.js").Child} Child */

const PREFIX = "answer prefix";

/**
 * @param {Subject} subject
 * @param {(prompt: number | null) => void} onpick
 */
export const promptTable = (subject, onpick) => {
  const prompts = subject.fact?.prompts ?? [];
  const asked = subject.asked();
  // where the answers' tokens are one and the same, a note says it
  const hasTokens = new Set(prompts.map(p => p.answer_token)).size > 1;
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
  const all = () => row(null, [`mean of ${asked.length} prompts`], meanCells(asked, hasTokens));
  const one = (/** @type {FactPrompt} */ p) =>
    row(p.prompt, promptText(p), promptCells(p, hasTokens));
  return h(
    "table",
    {},
    tableHead(hasTokens),
    h("tbody", {}, asked.length > 1 && all(), ...prompts.map(one)),
  );
};

/** @param {boolean} hasTokens */
const tableHead = hasTokens => {
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
      h("th", { scope: "col", class: "kn-likeliest" }, "most likely token"),
    ),
  );
};

/**
 * @param {FactPrompt[]} asked
 * @param {boolean} hasTokens
 */
const meanCells = (asked, hasTokens) => {
  const mean = asked.reduce((sum, p) => sum + Number(p.probability), 0) / asked.length;
  const first = asked.filter(p => p.rank === 1).length;
  return [
    hasTokens && h("td", {}),
    h("td", { class: "kn-num" }, number(mean)),
    h("td", { class: "kn-num" }, `rank 1 in ${first}`),
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
 */
const promptCells = (prompt, hasTokens) => {
  const { answer_token: token, probability: p, rank, top, top_probabilities: tops } = prompt;
  const answer =
    token === null ? faint("not asked") : h("span", { class: "kn-chip" }, bdi(quoted(token)));
  const likeliest =
    top && h("span", { class: "kn-chip" }, bdi(quoted(top[0])), faint(` ${probability(tops[0])}`));
  return [
    hasTokens && h("td", {}, answer),
    h("td", { class: "kn-num" }, p === null ? "" : number(p)),
    h(
      "td",
      { class: rank === 1 ? "kn-num kn-first" : "kn-num" },
      rank === null ? "" : integer(rank),
    ),
    h("td", { class: "kn-likeliest" }, likeliest),
  ];
};
