// @ts-check
// What can be asked: questions to start from, tables and macros.

import { faint, h } from "../page/dom.js";

/** @typedef {{ words: string, sql: string }} Example */
/**
 * @typedef {object} Relation
 * @property {string} name
 * @property {string | null} call of a macro
 * @property {string} meaning
 * @property {{ name: string, type: string, meaning: string | null }[]} columns
 */

/**
 * @param {Example[]} examples
 * @param {(sql: string) => void} ask
 */
export const exampleButtons = (examples, ask) =>
  examples.map(({ words, sql }) =>
    h("button", { type: "button", class: "kn-ask", onclick: () => ask(sql) }, words),
  );

/** @param {Relation[]} relations */
export const relationList = relations =>
  relations.map(({ name, call, meaning, columns }) =>
    h(
      "details",
      {},
      h("summary", {}, h("code", {}, call ?? name)),
      h("p", { class: "kn-faint" }, meaning),
      columns.length > 0 && h("ul", {}, ...columns.map(column)),
    ),
  );

/** @param {Relation["columns"][number]} column */
const column = ({ name, type, meaning }) =>
  h("li", { title: meaning || null }, h("code", {}, name), faint(` ${type}`));
