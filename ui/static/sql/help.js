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

/**
 * What a column of a result means: as the tables say it that the query names, else any that has a
 * column of that name, where they agree.
 *
 * @param {string} name
 * @param {string} sql
 * @param {Relation[]} relations
 * @returns {string | null}
 */
export const columnMeaning = (name, sql, relations) => {
  const words = new Set(sql.match(/\w+/g));
  const having = relations.filter(r => r.columns.some(c => c.name === name && c.meaning));
  const named = having.filter(relation => words.has(relation.name));
  const meanings = new Set(
    (named.length ? named : having).map(r => r.columns.find(c => c.name === name)?.meaning ?? ""),
  );
  return meanings.size === 1 ? [...meanings][0] : null;
};
