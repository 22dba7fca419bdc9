// @ts-check
// The queries behind what is on screen.

import { fill, h } from "./dom.js";
import { go } from "./navigate.js";
import { store } from "./store.js";

/**
 * SQL's text literal.
 *
 * @param {string | null} text
 */
export const literal = text => `'${String(text).replaceAll("'", "''")}'`;

/** The model on screen, as SQL's text literal. */
export const modelLiteral = () => literal(store.state.model);

/** @param {string} query */
export const openSql = query => go({ tab: "sql", query });

/**
 * @param {() => string} query
 * @param {string} words
 * @param {import("./dom.js").Attributes} attributes
 */
export const sqlButton = (query, words = "show as SQL", attributes = {}) =>
  h(
    "button",
    {
      type: "button",
      class: "kn-sql",
      title: "Open the query that made this",
      onclick: () => openSql(query()),
      ...attributes,
    },
    words,
  );

/** @typedef {[words: string, query: () => string]} Query what a query shows, and its text */

/**
 * The queries behind a pane, in its head: one button, which lists them where there are several.
 *
 * @param {() => Query[]} queries
 */
export const sqlMenu = queries => {
  const list = h("ul", { class: "kn-sql-list", "aria-label": "Queries behind this pane" });
  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
  };
  /** @param {Query} query */
  const item = ([words, query]) => {
    const open = () => {
      close();
      openSql(query());
    };
    return h("li", {}, h("button", { type: "button", class: "kn-sql-item", onclick: open }, words));
  };
  const show = () => {
    const all = queries();
    if (all.length === 1) {
      openSql(all[0][1]());
      return;
    }
    fill(list, ...all.map(item));
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
  };
  const title = "Open the queries that made this";
  const attributes = { type: "button", class: "kn-sql", title, "aria-expanded": "false" };
  const button = h("button", { ...attributes, onclick: show }, "show as SQL");
  const node = h("span", { class: "kn-sql-menu" }, button, list);
  node.addEventListener("keydown", event => {
    if (event.key !== "Escape" || list.hidden) return;
    close();
    button.focus();
    event.preventDefault();
  });
  node.addEventListener("focusout", event => {
    const { relatedTarget } = event;
    if (!(relatedTarget instanceof Node && node.contains(relatedTarget))) close();
  });
  close();
  return node;
};
