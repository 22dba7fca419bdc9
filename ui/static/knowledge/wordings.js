// @ts-check
// The wordings in which a fact is asked, one of which, or all, is looked at.

import { bdi, faint, h } from "../page/dom.js";
import { integer, number, probability, quoted } from "../page/format.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").Wording} Wording */
/** @typedef {import("../page/dom.js").Child} Child */

const GIVEN = "the beginning of the object, which the prompt was given";

/**
 * @param {Subject} subject
 * @param {(wording: number | null) => void} onpick
 */
export const wordingTable = (subject, onpick) => {
  const wordings = subject.fact?.wordings ?? [];
  const asked = subject.asked();
  // where the answers' tokens are one and the same, a note says it
  const hasTokens = new Set(wordings.map(w => w.answer_token)).size > 1;
  /**
   * @param {number | null} value
   * @param {Child[]} words
   * @param {Child[]} cells
   */
  const row = (value, words, cells) => {
    const isHere = subject.wording === value;
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
  const all = () => row(null, [`all ${asked.length} wordings`], meanCells(asked, hasTokens));
  const one = (/** @type {Wording} */ w) =>
    row(w.paraphrase, wordingText(w), wordingCells(w, hasTokens));
  return h(
    "table",
    {},
    tableHead(hasTokens),
    h("tbody", {}, asked.length > 1 && all(), ...wordings.map(one)),
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
      head("asked as"),
      hasTokens && head("answer"),
      head("P"),
      head("rank"),
      h("th", { scope: "col", class: "kn-likeliest" }, "likeliest"),
    ),
  );
};

/**
 * @param {Wording[]} asked
 * @param {boolean} hasTokens
 */
const meanCells = (asked, hasTokens) => {
  const mean = asked.reduce((sum, w) => sum + Number(w.probability), 0) / asked.length;
  const first = asked.filter(w => w.rank === 1).length;
  return [
    hasTokens && h("td", {}),
    h("td", { class: "kn-num" }, number(mean)),
    h("td", { class: "kn-num" }, `first in ${first}`),
    h("td", { class: "kn-likeliest" }),
  ];
};

/** @param {Wording} wording */
const wordingText = ({ text, given }) => [
  bdi(text),
  given ? h("span", { class: "kn-faint", title: GIVEN }, bdi(given)) : "",
];

/**
 * @param {Wording} wording
 * @param {boolean} hasTokens
 */
const wordingCells = (wording, hasTokens) => {
  const { answer_token: token, probability: p, rank, top, top_probabilities: tops } = wording;
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
