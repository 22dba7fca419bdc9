// @ts-check
// A circuit of one's own in words: what was typed, what is explained, and what one pair can tell.

import { counted, number, probability, quoted } from "../page/format.js";
import { pointAt, share } from "./buys.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").OwnAnswer} OwnAnswer */
/** @typedef {import("./types.d.ts").OwnFound} OwnFound */

const OWN = -1; // stands for the id of a fact

/** Words that begin a sentence and aren't its subject. */
const NO_SUBJECT = /^(?:The|A|An|In|On|At|Of|It|This|That|There|When|Where|What|Which|Who)$/;
const NAME = /\p{Lu}[\p{L}\p{M}'’-]*(?: \p{Lu}[\p{L}\p{M}'’-]*)*/gu;

/**
 * The words of a sentence that are proposed as its subject: the first capitalised ones.
 *
 * @param {string} sentence
 */
export const subjectIn = sentence => {
  const names = [...sentence.matchAll(NAME)].map(([name]) => {
    const words = name.split(" ");
    return (NO_SUBJECT.test(words[0]) ? words.slice(1) : words).join(" ");
  });
  return names.find(Boolean) ?? "";
};

/**
 * A sentence with another subject in the place of its own; as it is where it lacks that.
 *
 * @param {string} sentence
 * @param {string} subject
 * @param {string} other
 */
export const swapped = (sentence, subject, other) =>
  subject ? sentence.replace(subject, () => other) : sentence;

/**
 * What a live run found, in the shape of a stored circuit.
 *
 * @param {OwnFound} found
 * @returns {Circuit}
 */
export const asCircuit = found => {
  const { units, cells, curves, prompt, n_units, subject, other, answer, against } = found;
  const of = Object.fromEntries(units.map(unit => [unit.rank, unit]));
  const listed = Array.from({ length: 30 }, (_, i) => of[i + 1]).filter(Boolean);
  const part = (/** @type {number | null} */ effect) =>
    effect === null || !prompt.difference ? null : effect / prompt.difference;
  const none = { effect_subject: null, effect_answer: null, effect_relation: null };
  return {
    ...{ has: ["all"], others: [], measured: null, n_units, prompt, units, cells },
    fact: { fact_id: OWN, relation: "own sentence", subject, object: answer.words },
    against: [
      {
        ...{ prompt: 0, contrast: 0, purpose: "choose", contrast_kind: "pair", n_prompts: 1 },
        ...{ difference: prompt.difference, subject: other, object: against.words },
      },
    ],
    listed: listed.map(({ kind, layer, unit, position, estimate, effect, rank }) => ({
      ...{ kind, layer, unit, position, ...none, effect_frame: null, carries: null },
      ...{ rank: Number(rank), score: Number(estimate), effect: part(effect) },
    })),
    curves: curves.map(({ share: value, ...row }) => ({
      ...{ ...row, prompt_fact_id: OWN, n: value === null ? 0 : 1 },
      ...{ share: value, lowest: value, highest: value },
    })),
    ...{ heads: [], knockout: [], edges: [] },
    own: found,
  };
};

const FLATTERS =
  "They were chosen and measured on this one pair, which flatters them: in another wording or " +
  "with another contrast they do less.";

/**
 * One sentence about n units of a circuit of one's own.
 *
 * @param {Circuit} circuit
 * @param {number} n
 * @returns {import("./buys.js").Judgement}
 */
export const judgeOwn = (circuit, n) => {
  const units = counted(n, "unit");
  const at = (/** @type {string} */ condition, /** @type {string} */ measure) =>
    pointAt(circuit, condition, measure, OWN, n);
  if (circuit.prompt.difference <= 0 && circuit.own) {
    const { answer, against } = circuit.own;
    const words =
      `After your sentence the model holds “${quoted(against.token)}” likelier than ` +
      `“${quoted(answer.token)}”: there is nothing for units to carry, and shares mean little.`;
    return { verdict: "control", words };
  }
  const [lost, kept] = [at("circuit", "lost"), at("circuit", "kept")];
  if (lost) {
    const random = at("random", "lost");
    const beside = random ? `, as many random ones ${share(random.share)}` : "";
    const words = `${units} ${n === 1 ? "loses" : "lose"} ${share(lost.share)} of the logit difference${beside}. ${FLATTERS}`;
    return { verdict: "open", words };
  }
  if (!kept) return { verdict: "unmeasured", words: `Nothing was measured with ${units}.` };
  const words = `With all other neurons patched, ${units} keep ${share(kept.share)} of the logit difference. ${FLATTERS}`;
  return { verdict: "open", words };
};

/** @param {Circuit} circuit */
export const aboutOwn = ({ prompt, own }) => {
  if (!own) return "";
  const time = own.is_measured ? ` · measured in ${number(own.seconds)} s` : "";
  return `against ${own.other} → ${own.against.words}: logit difference ${number(prompt.difference)}, one pair${time}`;
};

/**
 * @param {OwnAnswer} answer
 * @param {string} whose
 * @param {string} prefix
 */
const answerNote = (answer, whose, prefix) => {
  const { words, token, n_tokens: n, given, rank, probability: p } = answer;
  const stands =
    rank === 1 ? `likeliest (P ${probability(p)})` : `of rank ${rank} (P ${probability(p)})`;
  if (!given)
    return `${whose} answer wasn't given: it is the model's likeliest token, “${quoted(token)}” (P ${probability(p)}).`;
  if (n > 1 && !prefix)
    return `“${words}” is ${n} tokens: its first, “${quoted(token)}”, is used, ${stands} after ${whose.toLowerCase()} prompt.`;
  return `“${quoted(token)}” is ${stands} after ${whose.toLowerCase()} prompt.`;
};

/**
 * What is explained, and how the model stands to it: a sentence each.
 *
 * @param {OwnFound} found
 */
export const ownNotes = ({ answer, against, prefix, prompt, not_kept: notKept }) => [
  ...(prefix
    ? [
        `Both answers begin with “${quoted(prefix)}”, which stands behind both prompts: what is ` +
          `explained is “${quoted(answer.token)}” against “${quoted(against.token)}”.`,
      ]
    : []),
  answerNote(answer, "Your", prefix),
  answerNote(against, "The contrast's", prefix),
  ...(prompt.tokens.length === 1 ? ["Your prompt is one token: all units stand at it."] : []),
  ...(notKept ? [`The lake doesn't keep it: ${notKept}.`] : []),
];
