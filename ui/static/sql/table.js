// @ts-check
// The result of a query as a table whose ids lead back to the panes.

import { h } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { columnMeaning } from "./help.js";
import { target } from "./leads.js";

/**
 * @typedef {object} Result
 * @property {string} sql
 * @property {string[]} columns
 * @property {string[]} types of the columns, as DuckDB names them
 * @property {unknown[][]} rows
 * @property {number} seconds
 * @property {boolean} cut whether there are more rows
 */
/** @typedef {Partial<import("../page/types.d.ts").State>} Change */

const LONG = 80; // characters of a value that the pointer shows whole

/**
 * @param {Result} result
 * @param {import("./help.js").Relation[]} relations whose columns have a meaning
 */
export const resultTable = ({ sql, columns, types, rows }, relations) => {
  const isNumber = types.map(t => /INT|FLOAT|DOUBLE|DECIMAL/.test(t) && !t.endsWith("[]"));
  const models = store.atlases.map(a => a.model);
  const look = (/** @type {number} */ i) => (isNumber[i] ? "kn-num" : null);
  const head = columns.map((name, i) => {
    const meaning = columnMeaning(name, sql, relations);
    const title = [meaning, types[i]].filter(Boolean).join(" · ");
    return h("th", { scope: "col", class: look(i), title }, name);
  });
  /** @param {unknown[]} row */
  const line = row => {
    const record = Object.fromEntries(columns.map((name, i) => [name, row[i]]));
    const cells = row.map((value, i) => cell(value, look(i), target(columns[i], record, models)));
    return h("tr", {}, ...cells);
  };
  const body = h("tbody", {}, ...rows.map(line));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), body);
};

/**
 * @param {unknown} value
 * @param {string | null} look
 * @param {Change | null} leads what a click on it changes
 */
const cell = (value, look, leads) => {
  if (value === null) return h("td", { class: "kn-faint" }, "null");
  const text = valueText(value);
  const link = { type: "button", class: "kn-link", onclick: () => leads && go(leads) };
  const content = leads ? h("button", link, text) : text;
  return h("td", { class: look, title: text.length > LONG ? text : null }, content);
};

/** @param {unknown} value */
export const valueText = value => {
  if (typeof value === "number" && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(7)));
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};
