// @ts-check
// The table of an intervention: the changed neurons first, then the controls; then the top tokens.

import { bdi, faint, h } from "../page/dom.js";
import { change, number, probability, quoted } from "../page/format.js";
import { CONTROLS, OWN } from "../story/controls.js";
import { isElsewhere } from "./comparison.js";

/** @typedef {import("./comparison.js").Row} Row */
/** @typedef {import("./comparison.js").Likely} Likely */

/** @type {Record<string, string>} */
const NAMES = { selected: "selected neurons", ...OWN };
for (const [condition, { name }] of Object.entries(CONTROLS)) NAMES[condition] = name;
const FINAL = "the fact's knowledge neurons at the final checkpoint";

/** @param {string} condition */
const meaning = condition =>
  condition === "final_checkpoint" ? FINAL : CONTROLS[condition]?.meaning;

/** @param {number} p */
const exact = p => {
  if (p === 0) return "0";
  return p < 0.001 ? p.toExponential(0) : p.toFixed(3);
};

/** @param {Row} row */
const isClaim = ({ condition }) => ["selected", "knowledge_neurons", "circuit"].includes(condition);

/**
 * @param {Row[]} rows
 * @param {string | null | undefined} answer the token that is scored
 */
export const changeTable = (rows, answer) =>
  h("div", {}, probabilities(rows), topTokens(rows, answer));

/**
 * @param {string} label
 * @param {Node[]} parts of the table
 */
const region = (label, ...parts) =>
  h(
    "div",
    { class: "kn-change", tabindex: "0", role: "region", "aria-label": label },
    h("table", {}, ...parts),
  );

/** @param {Row[]} rows */
const probabilities = rows => {
  const heads = ["neurons changed", "P(answer) before", "after", "change", "rank"].map((words, i) =>
    h("th", { scope: "col", class: i > 2 ? "kn-num" : null }, words),
  );
  const head = h("thead", {}, h("tr", {}, ...heads));
  return region("The answer before and after", head, h("tbody", {}, ...rows.map(probabilityRow)));
};

/** @param {Row} row */
const probabilityRow = row => {
  const { condition, about, before, after, low, high } = row;
  const fact = h("span", { class: "kn-about-fact", title: about }, bdi(about ?? ""));
  const hasSpread = row.n > 1 && Number.isFinite(low);
  const ranks = `${number(row.rankBefore)} → ${number(row.rankAfter)}`;
  return h(
    "tr",
    { class: isClaim(row) ? "kn-claim" : null, "data-condition": condition },
    h("th", { scope: "row", title: meaning(condition) }, NAMES[condition], about && fact),
    h("td", {}, bar(before, "kn-before")),
    h("td", {}, bar(after, "kn-after")),
    h(
      "td",
      { class: "kn-num" },
      h("b", {}, change(row.change)),
      hasSpread && faint(` ${change(low)} to ${change(high)}`),
    ),
    h("td", { class: "kn-num" }, ranks),
  );
};

/**
 * @param {number} p
 * @param {string} kind
 */
const bar = (p, kind) =>
  h(
    "span",
    { class: `kn-pbar ${kind}` },
    h("i", { style: `width:${Math.max(0.5, 100 * p).toFixed(1)}%` }),
    h("span", {}, exact(p)),
  );

/**
 * @param {Row[]} rows
 * @param {string | null | undefined} answer
 */
const topTokens = (rows, answer) => {
  const same = rows.filter(row => !isElsewhere(row.condition));
  const line = (/** @type {string} */ words, /** @type {Likely[]} */ list) =>
    h("tr", {}, h("th", { scope: "row" }, words), h("td", {}, chips(list, answer)));
  const head = [h("th", { scope: "col" }, "top five tokens"), h("th", { scope: "col" })];
  const after = same.map(row =>
    line(isClaim(row) ? "after" : `after: ${NAMES[row.condition]}`, row.topAfter),
  );
  return region(
    "Top five tokens",
    h("thead", {}, h("tr", {}, ...head)),
    h("tbody", {}, line("before", same[0].topBefore), ...after),
  );
};

/**
 * @param {Likely[]} list
 * @param {string | null | undefined} answer
 */
const chips = (list, answer) => {
  const chip = (/** @type {Likely} */ [token, p]) =>
    h(
      "span",
      {
        class: token === answer ? "kn-chip kn-answer" : "kn-chip",
        title: p === null ? null : `probability ${exact(p)}`,
      },
      bdi(quoted(token)),
      p !== null && faint(` ${probability(p)}`),
    );
  return h("span", { class: "kn-tops" }, ...list.map(chip));
};
