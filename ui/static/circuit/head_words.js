// @ts-check
// A circuit's heads in words: where each looks, what it writes toward the answer, what is lost
// without.

import { bdi, h } from "../page/dom.js";
import { number } from "../page/format.js";
import { share } from "./buys.js";
import { nodeKey, tokenWords, unitWords } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Head} Head */
/** @typedef {import("./types.d.ts").HeadSource} HeadSource */

/** @param {Pick<Head, "layer" | "head" | "position">} head */
export const headKey = ({ layer, head, position }) =>
  nodeKey({ kind: "head", layer, unit: head, position });

/** @param {Pick<Head, "layer" | "head">} head */
export const headName = ({ layer, head }) => `layer ${layer} · head ${head}`;

/** @param {HeadSource} source */
export const brought = ({ relevance, direct }) => relevance ?? direct;

/**
 * How much a head does: what was measured by patching, else what it brings.
 *
 * @param {Head} head
 */
export const sizeOfHead = ({ effect, sources }) =>
  effect ?? sources.reduce((sum, source) => sum + brought(source), 0);

/**
 * The other token from which a head brings most; null where its own token gives more.
 *
 * @param {Head} head
 */
export const mainSource = ({ sources, position }) => {
  const size = (/** @type {HeadSource} */ source) => Math.abs(brought(source));
  const [first] = sources.toSorted((a, b) => size(b) - size(a));
  return !first || first.source_position === position ? null : first;
};

/** @param {number | null} value */
export const signed = value =>
  value === null ? "–" : `${value < 0 ? "−" : ""}${number(Math.abs(value))}`;

/**
 * @param {Circuit} circuit
 * @param {Head} head
 * @returns {import("../page/dom.js").Child[]}
 */
export const headWords = ({ prompt }, head) => {
  const source = mainSource(head) ?? head.sources.find(s => s.source_position === head.position);
  const token = (/** @type {number} */ i) => bdi(tokenWords(prompt, i));
  return [
    h("strong", {}, headName(head)),
    source !== undefined &&
      h(
        "div",
        {},
        ...["from “", token(source.source_position), "” to “", token(head.position)],
        `”, attention ${share(source.weight)}`,
      ),
    h("div", {}, `writes ${signed(head.written)} logits toward the answer directly`),
    head.effect !== null && h("div", {}, `patched alone: ${signed(head.effect)} logits lost`),
    head.lost !== null &&
      h("div", {}, `without sight of the subject: ${share(head.lost)} of the difference lost`),
  ];
};

/**
 * All there is to say of a unit; of a head, in place of its token and effect, from where to where.
 *
 * @param {Circuit} circuit
 * @param {import("./types.d.ts").Unit} unit
 */
export const nodeWords = (circuit, unit) => {
  const head = circuit.heads.find(one => headKey(one) === nodeKey(unit));
  return head
    ? [...headWords(circuit, head), h("hr", {}), ...unitWords(circuit, unit).slice(3)]
    : unitWords(circuit, unit);
};
