// @ts-check
// Verdicts as chips, and as sentences.

import { h } from "../page/dom.js";

/** @typedef {import("./types.d.ts").Verdict} Verdict */

/** @type {Record<string, string>} */
const KINDS = { suppress: "set to 0", amplify: "amplified" };
/** @type {Record<string, string>} */
const CLAIMS = { causal: "carry it", specific: "this fact's own" };
/** @type {Record<string, string>} */
const TONES = { supported: "kn-good", weak: "kn-fair", refuted: "kn-bad" };

const MEANING =
  "supported: it moves the answer, more than every control; weak: it does, but a control is missing or " +
  "not told apart; refuted: a control moves its answer more, or it hardly moves; no evidence: the " +
  "interval holds 0, too few prompts, or the model does not know the fact";

/**
 * @param {string} words
 * @param {string} verdict
 * @param {string} [title]
 */
export const chip = (words, verdict, title) =>
  h("span", { class: `kn-verdict ${TONES[verdict] ?? "kn-open"}`, title: title ?? MEANING }, words);

/** @param {Verdict} verdict */
export const verdictChip = ({ kind, claim, verdict, n_neurons: n, sentence }) => {
  const who = n === 1 ? "its neuron" : `its ${n} neurons`;
  const what =
    claim === "causal"
      ? `${KINDS[kind]}, ${who} ${n === 1 ? "carries it" : CLAIMS[claim]}`
      : CLAIMS[claim];
  return chip(`${what}: ${verdict}`, verdict, `${sentence} (${MEANING})`);
};

/**
 * The verdicts on one kind of intervention, each in its sentence.
 *
 * @param {Verdict[]} verdicts
 * @param {string} kind
 */
export const verdictLines = (verdicts, kind) =>
  verdicts
    .filter(v => v.kind === kind)
    .map(v => h("p", { class: "kn-verdict-line" }, verdictChip(v), " ", v.sentence));
