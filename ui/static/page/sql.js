// @ts-check
// The queries behind what is on screen.

import { h } from "./dom.js";
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
      class: "kn-sql kn-query",
      title: "Open the query that made this",
      onclick: () => openSql(query()),
      ...attributes,
    },
    words,
  );
