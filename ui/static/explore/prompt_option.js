// @ts-check
// A prompt in the list of those found.

import { apart, bdi, h } from "../page/dom.js";
import { compact, integer } from "../page/format.js";
import { store } from "../page/store.js";

/**
 * @typedef {object} PromptRow
 * @property {number} prompt_id
 * @property {string | null} name
 * @property {string | null} country
 * @property {number | null} population
 * @property {boolean | null} is_capital
 * @property {string} text
 * @property {string | null} found_as the other name of the city by which it was found
 */

/**
 * @param {PromptRow} row
 * @param {number} i its place in the list
 * @param {(option: HTMLElement) => void} onpick
 */
export const promptOption = (row, i, onpick) => {
  const { prompt_id: id, name, country, population, is_capital: isCapital, text } = row;
  const star = h("span", { class: "kn-capital", title: "capital" }, " ★");
  const inhabitants = population ? `${integer(population)} inhabitants` : null;
  const foundAs = row.found_as && `found as ${row.found_as}`;
  const option = h(
    "li",
    {
      role: "option",
      id: `kn-option-${i}`,
      "data-prompt": id,
      "aria-selected": String(id === store.state.prompt),
      onclick: () => onpick(option),
    },
    h(
      "div",
      { class: "kn-line" },
      h("span", { class: "kn-city" }, bdi(name ?? `prompt ${id}`), isCapital && star),
      apart(),
      h(
        "span",
        { class: "kn-population", title: inhabitants },
        population ? compact(population) : "",
      ),
    ),
    apart(),
    h("span", { class: "kn-snippet" }, bdi(country ?? "")),
    apart(),
    foundAs && h("span", { class: "kn-snippet kn-found-as" }, bdi(foundAs)),
    foundAs && apart(),
    h("span", { class: "kn-snippet", title: text }, bdi(text)),
  );
  return option;
};
