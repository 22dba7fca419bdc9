// @ts-check
// The queries behind what is on screen.

import { h } from "./dom.js";
import { go } from "./navigate.js";
import { emit, store } from "./store.js";

/**
 * SQL's text literal.
 *
 * @param {string | null} text
 */
export const literal = text => `'${String(text).replaceAll("'", "''")}'`;

/** The model on screen, as SQL's text literal. */
export const modelLiteral = () => literal(store.state.model);

/**
 * @param {string} query
 * @param {Partial<import("./types.d.ts").State>} change of what else is on screen
 */
export const openSql = (query, change = {}) => {
  const isSame = store.state.query === query;
  const done = go({ ...change, tab: "sql", query });
  if (isSame) emit("query", query); // something else may be written over it, not yet run
  return done;
};

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
