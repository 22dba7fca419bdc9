// @ts-check
// A circuit's units in words: their names, and all their numbers for who points at one.

import { bdi, h } from "../page/dom.js";
import { number, quoted } from "../page/format.js";
import { share } from "./buys.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Unit} Unit */
/** @typedef {import("./types.d.ts").Cell} Cell */

/** @type {Record<string, string>} by role */
const ROLES = {
  before: "before the subject",
  subject: "in the subject",
  "subject last": "the subject's last token",
  relation: "what is asked",
  last: "the prompt's last token",
};

/** @type {Record<string, string>} */
const CARRIED = {
  fact: "the fact: it moves little else",
  subject: "the subject: it moves other facts about it at least half as much",
  answer: "the answer: it moves other subjects' facts with this answer at least half as much",
  relation: "the relation: it moves other answers to the same question at least half as much",
  grammar: "grammar: it moves the answer where nobody asks for it at least half as much",
  little: "little: under 1 % of the logit difference",
};

/** @param {string | null} carries */
export const carriedTitle = carries => (carries ? CARRIED[carries] : "not measured");

/**
 * What tells a unit at a token from others in the address: "n12.1042.4".
 *
 * @param {Pick<Unit, "kind" | "layer" | "unit"> & { position: number | null }} unit
 */
export const nodeKey = ({ kind, layer, unit, position }) =>
  `${kind === "neuron" ? "n" : "h"}${layer}.${unit}.${position}`;

/** @param {Pick<Unit, "kind" | "layer" | "unit">} unit */
export const unitName = ({ kind, layer, unit }) => `layer ${layer} · ${kind} ${unit}`;

/**
 * @param {Circuit["prompt"]} prompt
 * @param {number | null} position
 */
export const tokenWords = ({ tokens }, position) =>
  position === null ? "–" : quoted(tokens[position]);

/** @param {number} value */
const logits = value => `${value < 0 ? "−" : ""}${number(Math.abs(value))} logits`;

/**
 * @param {Circuit} circuit
 * @param {Unit} unit
 */
export const unitLabel = (circuit, unit) => {
  const { effect, estimate, rank } = unit;
  const done = effect === null ? `estimate ${number(estimate)}` : `effect ${number(effect)}`;
  const place = rank === null ? "not of the circuit" : `number ${rank} of the circuit`;
  return `${unitName(unit)} at ${tokenWords(circuit.prompt, unit.position)}: ${done}, ${place}`;
};

/**
 * @param {Circuit} circuit
 * @param {Unit} unit
 * @returns {import("../page/dom.js").Child[]}
 */
export const unitWords = (circuit, unit) => {
  const { prompt, against } = circuit;
  const { effect, estimate, rank, carries, position } = unit;
  const first = against.find(one => one.purpose === "choose" && one.contrast === 0);
  const of = first && effect !== null ? `, ${share(effect / first.difference)} of it` : "";
  const other = first?.subject ? ` beside ${first.subject} → ${first.object}` : "";
  const n = against.filter(one => one.purpose === "choose").length;
  return [
    h("strong", {}, unitName(unit)),
    h("div", {}, "at “", bdi(tokenWords(prompt, position)), `”, ${ROLES[prompt.roles[position]]}`),
    h(
      "div",
      {},
      effect === null
        ? "not patched alone"
        : `patched alone${other}: the logit difference loses ${logits(effect)}${of}`,
    ),
    estimate !== null && h("div", {}, `${estimateOf(n)}: ${logits(estimate)}`),
    h("div", {}, circuit.own ? ownRank(rank) : rankWords(unit, rank)),
    carries !== null && h("div", {}, `carries ${CARRIED[carries]}`),
  ];
};

/** @param {number} n contrasts */
const estimateOf = n => (n > 1 ? `estimate, mean over ${n} contrasts` : "estimate");

/** @param {number | null} rank in the circuit of a sentence of one's own */
const ownRank = rank =>
  rank === null
    ? "not of the circuit, which is of neurons for the answer"
    : `number ${rank} of the circuit`;

/**
 * @param {Unit} unit
 * @param {number | null} rank
 */
const rankWords = ({ kind }, rank) => {
  if (rank !== null) return `number ${rank} of the circuit`;
  return kind === "head"
    ? "not of the circuit, which is of neurons"
    : "not of the circuit: against the answer, or at a token that other wordings lack";
};

/**
 * @param {Circuit} circuit
 * @param {number} layer
 * @param {number} position
 * @returns {import("../page/dom.js").Child[]}
 */
export const cellWords = (circuit, layer, position) => {
  const found = circuit.cells.filter(c => c.layer === layer && c.position === position);
  const sum = (/** @type {Cell} */ { kind, estimate }) =>
    h("div", {}, `${CELLS[kind]}: ${logits(estimate)} by the estimate`);
  return [
    h("strong", {}, `layer ${layer}`),
    h(
      "div",
      {},
      "at “",
      bdi(tokenWords(circuit.prompt, position)),
      `”, ${ROLES[circuit.prompt.roles[position]]}`,
    ),
    ...found.map(sum),
  ];
};

/** @type {Record<string, string>} */
const CELLS = {
  mlp: "all its neurons",
  attention: "all its heads",
  embedding: "the token's embedding",
};
