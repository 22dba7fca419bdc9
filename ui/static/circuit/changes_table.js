// @ts-check
// The list of changes that were measured: what was lost, beside what was foretold.

import { h } from "../page/dom.js";
import { counted, number } from "../page/format.js";
import { share } from "./buys.js";

/** @typedef {import("./types.d.ts").How} How */
/** @typedef {import("./chosen.js").Change & { found: import("./types.d.ts").Changed | null }} Row */

/** @type {Record<How, string>} */
export const TITLES = {
  patch: "contrast's values",
  zero: "zero",
  mean: "mean over the corpus",
};

/** @type {[string, string][]} words and what they mean */
const HEADS = [
  ["units", "choose them again"],
  ["given", "the values that they were given"],
  ["lost, measured", "what the logit difference loses when all of them are changed together"],
  ["sum of estimates", "by the gradients times the change of each value"],
  ["sum of each alone", "what each loses when it alone is changed, measured, added up"],
  ["", ""],
];

/**
 * @param {Row[]} rows
 * @param {(row: Row) => void} ondrop
 * @param {(row: Row) => void} onchoose
 */
export const rowsTable = (rows, ondrop, onchoose) =>
  h(
    "table",
    {},
    h("caption", {}, "Lost of the logit difference: share, and logits"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...HEADS.map(([words, title], i) =>
          words
            ? h("th", { scope: "col", title, class: i > 1 ? "kn-num" : null }, words)
            : h("td", {}),
        ),
      ),
    ),
    h("tbody", {}, ...rows.map(row => changeRow(row, ondrop, onchoose))),
  );

/** @param {number} value */
const logits = value => `${value < 0 ? "−" : ""}${number(Math.abs(value))}`;

/**
 * @param {Row} row
 * @param {(row: Row) => void} ondrop
 * @param {(row: Row) => void} onchoose
 */
const changeRow = (row, ondrop, onchoose) => {
  const { how, nodes, found } = row;
  const words = nodes.length === 1 ? nodes[0] : counted(nodes.length, "unit");
  const cell = (/** @type {number | undefined} */ value) =>
    h(
      "td",
      { class: "kn-num" },
      value === undefined || !found ? "…" : `${share(value / found.before)} · ${logits(value)}`,
    );
  const drop = {
    type: "button",
    class: "kn-link",
    "aria-label": `Leave out: ${words}, ${TITLES[how]}`,
    onclick: () => ondrop(row),
  };
  const again = {
    type: "button",
    class: "kn-pick",
    title: nodes.join(", "),
    onclick: () => onchoose(row),
  };
  return h(
    "tr",
    { "data-how": how },
    h("th", { scope: "row" }, h("button", again, words)),
    h("td", {}, TITLES[how]),
    cell(found?.lost),
    cell(found?.estimated),
    cell(found?.alone),
    h("td", {}, h("button", drop, "×")),
  );
};
