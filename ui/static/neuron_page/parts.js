// @ts-check
// The pieces of a neuron's page: a section with its query, and tables of lift.

import { bdi, faint, h, message } from "../page/dom.js";
import { integer, percent } from "../page/format.js";
import { term } from "../page/glossary.js";
import { sqlButton } from "../page/sql.js";
import { tokenName } from "../page/tokens.js";
import { liftWords } from "./words.js";

/** @typedef {import("../page/dom.js").Child} Child */
/** @typedef {import("./types.d.ts").Lift} Lift */

/** The columns of a table of lift, the first of which says what. */
const columns = (/** @type {Child} */ what, /** @type {boolean} */ ofTokens) => [
  what,
  ofTokens ? "of its firings" : "of its prompts",
  "of the corpus",
  term("lift"),
  ofTokens ? "fires at it" : "n",
];

/**
 * A section of the page.
 *
 * @param {string} name
 * @param {Child[]} heading
 * @param {[string, () => string][]} queries each with its words
 * @param {Child[]} children
 */
export const part = (name, heading, queries, ...children) =>
  h(
    "section",
    { class: "kn-pane kn-part", "data-kn-part": name, "aria-label": name },
    h(
      "div",
      { class: "kn-head" },
      h("h3", {}, ...heading),
      ...queries.map(([words, query]) =>
        sqlButton(query, "show as SQL", { "aria-label": `${words}: show as SQL` }),
      ),
    ),
    ...children,
  );

/**
 * What stands in a section's place: the reason why it has nothing.
 *
 * @param {string | undefined} missing why its tables aren't there
 * @param {string} none said where they are and hold nothing
 */
export const nothing = (missing, none) => message(missing ?? none);

/**
 * @param {import("./types.d.ts").TokenLift[]} rows
 * @param {string} caption
 */
export const tokenTable = (rows, caption) =>
  table(
    caption,
    columns("token", true),
    rows.map(row => [
      tokenName(row.token),
      percent(row.share),
      percent(row.corpus_share),
      liftWords(row),
      h(
        "span",
        { title: `at ${row.n_both} of its ${row.n} places in the corpus` },
        percent(row.fires_at),
      ),
    ]),
  );

/**
 * @param {import("./types.d.ts").ValueLift[]} rows
 * @param {string} caption
 */
export const valueTable = (rows, caption) =>
  table(
    caption,
    columns("value", false),
    rows.map(row => [
      h(
        "span",
        {},
        bdi(row.value),
        row.attribute === "country" ? null : faint(` ${row.attribute}`),
      ),
      percent(row.share),
      percent(row.corpus_share),
      liftWords(row),
      `${integer(row.n_both)} of ${integer(row.n)}`,
    ]),
  );

/**
 * @param {string} caption read out, and seen above
 * @param {Child[]} head
 * @param {Child[][]} rows
 */
export const table = (caption, head, rows) =>
  h(
    "div",
    { class: "kn-scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: "kn-figures" },
      h("caption", {}, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...head.map((cell, i) => h("th", { scope: "col", class: i ? "kn-num" : null }, cell)),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map(cells =>
          h(
            "tr",
            {},
            ...cells.map((cell, i) =>
              i ? h("td", { class: "kn-num" }, cell) : h("th", { scope: "row" }, cell),
            ),
          ),
        ),
      ),
    ),
  );
