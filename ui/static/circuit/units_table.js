// @ts-check
// The strongest units of a circuit by rank, with what each carries; each line selects its unit.

import { bdi, h } from "../page/dom.js";
import { number } from "../page/format.js";
import { store } from "../page/store.js";
import { share } from "./buys.js";
import { carriedTitle, nodeKey, tokenWords, unitName } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Listed} Listed */
/** @typedef {import("../page/dom.js").Child} Child */

/** @type {[string, (row: Listed) => number | null, string][]} words, value, and what it means */
const SHARES = [
  [
    "this fact",
    row => row.effect,
    "share of the logit difference lost by it alone, patched in a wording and with a contrast not used to choose it",
  ],
  [
    "subject's other facts",
    row => row.effect_subject,
    "the same share, the largest in size over the same subject's other facts",
  ],
  [
    "same answer",
    row => row.effect_answer,
    "the same share, mean over other subjects' facts with the same answer",
  ],
  [
    "same relation",
    row => row.effect_relation,
    "the same share, mean over facts of the relation with other answers",
  ],
  [
    "not asked",
    row => row.effect_frame,
    "change of the same logit difference where a sentence about the subject doesn't ask for it, as a share of the prompt's",
  ],
];

/** @type {typeof SHARES} of a sentence of one's own */
const OWN_SHARES = [
  [
    "patched alone",
    row => row.effect,
    "share of the logit difference lost by it alone, on the pair that it was chosen on",
  ],
];

/** @param {Circuit} circuit */
const sharesOf = ({ own }) => (own ? OWN_SHARES : SHARES);

/**
 * The place of a table that scrolls sideways.
 *
 * @param {string} label
 * @param {string} kind more classes
 */
export const tablePlace = (label, kind = "") =>
  h("div", {
    class: `kn-circuit-units ${kind}`,
    tabindex: "0",
    role: "region",
    "aria-label": label,
  });

/**
 * @param {Circuit} circuit
 * @param {boolean} isShare whether the score is a share, as in a specific circuit
 * @param {(row: Listed) => void} onpick
 */
export const unitsTable = (circuit, isShare, onpick) => {
  const score = isShare
    ? "median estimate over contrasts, a share of the logit difference"
    : circuit.own
      ? "estimate, in logits"
      : "median estimate over contrasts, in logits";
  const heads = /** @type {[string, string, boolean][]} */ ([
    ["no.", "rank by the estimate", true],
    ["unit", "select it", false],
    ["token", "of the prompt that it was chosen on", false],
    ...(circuit.own ? [] : [["carries", "by the shares beside it", false]]),
    ...sharesOf(circuit).map(([words, , title]) => [words, title, true]),
    ["estimate", score, true],
  ]).map(([words, title, isNumber]) =>
    h("th", { scope: "col", title, class: isNumber ? "kn-num" : null }, words),
  );
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...circuit.listed.map(row => unitRow(circuit, row, isShare, onpick))),
  );
};

/**
 * @param {Circuit} circuit
 * @param {Listed} row
 * @param {boolean} isShare
 * @param {(row: Listed) => void} onpick
 */
const unitRow = (circuit, row, isShare, onpick) => {
  const { prompt, own } = circuit;
  const { rank, position, carries, score } = row;
  const name = h("button", { type: "button", class: "kn-pick" }, unitName(row));
  const chip = carries
    ? h("span", { class: `kn-chip kn-carries-${carries}`, title: carriedTitle(carries) }, carries)
    : "–";
  const value = isShare ? share(score) : number(score);
  return h(
    "tr",
    { "data-node": nodeKey(row), onclick: () => onpick(row) },
    h("td", { class: "kn-num" }, String(rank)),
    h("th", { scope: "row" }, name),
    h("td", {}, bdi(tokenWords(prompt, position))),
    ...(own ? [] : [h("td", {}, chip)]),
    ...sharesOf(circuit).map(([, of]) => h("td", { class: "kn-num" }, share(of(row)))),
    h("td", { class: "kn-num" }, value),
  );
};

/**
 * Mark the neuron on screen.
 *
 * @param {HTMLElement} table
 */
export const markUnits = table => {
  const { layer, neuron } = store.state;
  for (const row of table.querySelectorAll("tr[data-node]")) {
    const of = /** @type {HTMLElement} */ (row).dataset.node ?? "";
    const isHere = layer !== null && of.startsWith(`n${layer}.${neuron}.`);
    row.classList.toggle("kn-here", isHere);
    if (isHere) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
};
