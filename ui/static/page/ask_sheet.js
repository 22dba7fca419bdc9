// @ts-check
// The sheet of an ask: its readings, each with lines that lead to a pane and to their SQL.

import { writeAddress } from "./address.js";
import { bdi, faint, h, message } from "./dom.js";
import { sqlButton } from "./sql.js";
import { store } from "./store.js";

/** @typedef {Partial<import("./types.d.ts").State>} Change */
/**
 * @typedef {object} Line
 * @property {string} words
 * @property {string} detail
 * @property {Change | null} leads what a click on it changes
 * @property {string | null} sql
 * @property {boolean} live whether a click on it runs the model
 * @property {boolean} asks whether a click on it asks the model the fact, which it wasn't asked
 */
/** @typedef {{ kind: string, title: string, lines: Line[] }} Reading */
/** @typedef {{ readings: Reading[] }} Told */

/**
 * @param {Reading[]} readings best first
 * @param {string | null} missing why the model can't be run here
 * @param {(change: Change, asks?: boolean) => void} follow
 */
export const sheetParts = (readings, missing, follow) =>
  readings.map(({ title, lines }) =>
    h(
      "section",
      { class: "kn-ask-reading", "aria-label": title },
      h("h3", {}, bdi(title)),
      h("ul", {}, ...lines.map(line => lineItem(line, missing, follow))),
    ),
  );

/**
 * @param {Line} line
 * @param {string | null} missing
 * @param {(change: Change, asks?: boolean) => void} follow
 */
const lineItem = (line, missing, follow) => {
  const { words, detail, leads, sql, live, asks } = line;
  const cannot = live && missing ? missing : "";
  const asksNow = asks && !missing;
  const query = () => follow({ tab: "sql", query: sql ?? "" });
  const name = { "aria-label": `SQL of: ${words}`, onclick: query };
  return h(
    "li",
    {},
    leads && !cannot ? link(words, leads, change => follow(change, asksNow)) : plain(words),
    (asksNow || (live && !cannot)) && h("span", { class: "kn-chip" }, "runs now"),
    sql && sqlButton(() => sql, "SQL", name),
    (cannot || detail) && h("div", { class: "kn-ask-detail" }, faint(bdi(cannot || detail))),
  );
};

/** @param {string} words a reason, in which names are set as code */
const plain = words => h("span", { class: "kn-ask-reason" }, ...message(words).childNodes);

/**
 * A link that opens in this page on a click, and in a new one as any link does.
 *
 * @param {string} words
 * @param {Change} leads
 * @param {(change: Change) => void} follow
 */
const link = (words, leads, follow) => {
  const state = /** @type {import("./types.d.ts").State} */ ({
    ...store.state,
    ask: "",
    ...(leads.prompt === undefined || leads.text ? {} : { text: "" }),
    ...leads,
  });
  /** @param {MouseEvent} event */
  const onclick = event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    follow(leads);
  };
  return h("a", { href: writeAddress(location.href, state), onclick }, bdi(words));
};
