// @ts-check
// The result of a query as a table whose ids lead back to the panes.

import { h } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";

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

/** @param {Result} result */
export const resultTable = ({ columns, types, rows }) => {
  const isNumber = types.map(t => /INT|FLOAT|DOUBLE|DECIMAL/.test(t) && !t.endsWith("[]"));
  const models = store.atlases.map(a => a.model);
  const look = (/** @type {number} */ i) => (isNumber[i] ? "kn-num" : null);
  const head = columns.map((name, i) =>
    h("th", { scope: "col", class: look(i), title: types[i] }, name),
  );
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

/**
 * Where a click on a value leads: a neuron or a prompt, of the atlas on screen or of the row's.
 *
 * @param {string} column
 * @param {Record<string, unknown>} row by column
 * @param {string[]} models that have an atlas
 * @returns {Change | null}
 */
export const target = (column, row, models) => {
  /** @param {string} name */
  const value = name => ((row[name] ?? null) === null ? null : Number(row[name]));
  const model = models.find(m => m === row.model);
  const ofModel = model ? { model } : {};
  const [layer, neuron] = [value("layer"), value("neuron")];
  const [prompt, token] = [value("prompt_id"), value("position")];
  const ofNeuron = layer !== null && neuron !== null ? { layer, neuron } : null;
  if ((column === "neuron" || column === "layer") && ofNeuron) {
    const ofPrompt = prompt === null ? {} : { prompt, token };
    return { ...ofModel, ...ofNeuron, ...ofPrompt, tab: "explore" };
  }
  if (column === "prompt_id" && prompt !== null) {
    return { ...ofModel, prompt, token, ...ofNeuron, tab: "explore" };
  }
  return null;
};
