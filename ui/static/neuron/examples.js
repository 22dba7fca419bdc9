// @ts-check
// Prompts that fire a neuron.

import { bdi, faint, h, message } from "../page/dom.js";
import { number } from "../page/format.js";
import { openPrompt } from "../page/navigate.js";
import { firedProse } from "../page/tokens.js";

/** @typedef {import("../page/types.d.ts").Example} Example */

/**
 * The value of full colour.
 *
 * @param {Example[]} top the strongest examples
 */
export const exampleScale = top => Math.max(...top.map(row => Math.abs(row.peak)), 1e-9);

/**
 * @param {Example[]} rows
 * @param {number} scale
 * @param {string} none what is said where there are none
 */
export const examples = (rows, scale, none) =>
  rows.length ? rows.map(row => example(row, scale)) : [message(none)];

/**
 * @param {Example} row
 * @param {number} scale
 */
const example = (row, scale) => {
  const { tokens, activations, peak, peak_position: at } = row;
  const title = (/** @type {number} */ i) =>
    `activation ${number(activations[i] ?? 0)}${i === at ? " · its peak" : ""}`;
  const open = h(
    "button",
    {
      type: "button",
      class: "kn-open",
      title: "Open this prompt",
      onclick: () => openPrompt(row.prompt_id, at),
    },
    h("b", {}, bdi(row.name ?? `prompt ${row.prompt_id}`)),
    row.country ? faint(" ", bdi(row.country)) : null,
    h("span", { class: "kn-peak" }, number(peak)),
  );
  const prose = firedProse(tokens, activations, scale, title);
  prose.title = "below the threshold";
  return h("article", { class: "kn-example" }, open, prose);
};
