// @ts-check
// The notes on a fact, or on a sentence that was run live, beside its title.

import { bdi, faint, h } from "../page/dom.js";
import { chance, integer, number, probability, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").FactAnswer} FactAnswer */
/** @typedef {import("./subject.js").Attribution} Attribution */
/** @typedef {import("../page/dom.js").Child} Child */

const notAttributed = () => [
  "The model knows it, but it was not attributed: the first known facts of each relation are. More are with ",
  h("code", {}, "kn knowledge --known"),
  ".",
];

/** @param {Child[]} children */
const note = (...children) => h("p", { class: "kn-faint" }, ...children);

/**
 * Whether the model knows it: greedy decoding says the whole object in at least half of the prompts.
 *
 * @param {Subject} subject
 */
const standing = subject => {
  const asked = subject.asked();
  const correct = asked.filter(p => p.greedy).length;
  const known = asked.length > 0 && 2 * correct >= asked.length;
  return { asked: asked.length, correct, known };
};

/**
 * Whether no more of a fact is to be had: it was asked and, where it is known, attributed.
 *
 * @param {FactAnswer} fact
 * @param {Subject} subject
 */
export const isWhole = (fact, subject) => {
  const { asked, known } = standing(subject);
  return asked > 0 && (!known || fact.neurons.length > 0 || fact.asked?.attributed === true);
};

/**
 * @param {FactAnswer} fact
 * @param {Subject} subject
 * @returns {Child[]}
 */
export const factStanding = ({ fact }, subject) => {
  const { asked, correct, known } = standing(subject);
  if (!asked) return [`${fact.relation} · `, "not asked"];
  const words = h("b", { class: known ? "kn-first" : null }, known ? "known" : "not known");
  return [`${fact.relation} · `, words, `, correct in ${correct} of ${asked} prompts`];
};

/**
 * @param {FactAnswer} fact
 * @param {Subject} subject
 * @returns {Child[]}
 */
export const factNotes = (fact, subject) => {
  const { asked, known } = standing(subject);
  const scored = scoredBy(fact);
  const training = { type: "button", class: "kn-sql", onclick: () => go({ tab: "training" }) };
  return [
    scored && note(scored),
    fact.asked !== null && note(onDemand(fact.asked)),
    !asked &&
      !fact.missing &&
      note(
        "The model was not asked this fact. Ask more with ",
        h("code", {}, "kn knowledge --facts"),
        ".",
      ),
    known && !fact.neurons.length && !fact.missing && note(...notAttributed()),
    asked > 0 &&
      !known &&
      note(
        "The model does not know this fact: ",
        fact.neurons.length
          ? "attributions of so small a probability mean little."
          : "there is no right answer to attribute.",
      ),
    store.steps.length > 1 && note(h("button", training, "see it through training")),
  ];
};

/**
 * That a fact was asked on demand, and by which share its neurons were chosen.
 *
 * @param {NonNullable<FactAnswer["asked"]>} asked
 */
const onDemand = ({ share, share_of: of }) => {
  if (share === null) return "Asked on demand.";
  const least = Math.round(100 * share);
  const whose =
    of === "relation" ? "as for the relation's other facts" : "found on this fact alone";
  return `Asked on demand: its neurons are shared by ${least} % or more of its prompts, ${whose}.`;
};

/**
 * The token by which the answer is scored; null where it was not asked.
 *
 * @param {FactAnswer} fact
 */
const scoredBy = ({ fact, prompts }) => {
  const asked = prompts.find(p => p.answer_token !== null);
  if (!asked?.answer_token) return null;
  const { answer_token: token, answer_prefix: prefix } = asked;
  if (token.trim() === fact.object && !prefix) return `Scored by its token “${quoted(token)}”.`;
  const after = prefix ? `, after the answer prefix “${quoted(prefix)}”.` : ".";
  const by = `it is scored by its first distinguishing token, “${quoted(token)}”`;
  return `“${fact.object}” is more than one token: ${by}${after}`;
};

/** @param {Attribution} live */
export const sentenceStanding = ({ probability: p, rank, greedy }) =>
  `run live · P ${number(p)}, rank ${integer(rank)} · ${greedy ? "known" : "not known"}`;

/**
 * @param {Attribution} live
 * @param {string} answer as it was typed
 */
export const sentenceNotes = (live, answer) => {
  const { answer_token: token, tokens, answer_prefix: prefix, top } = live;
  const likely = top.map(([word, p]) =>
    h("span", { class: "kn-chip" }, bdi(quoted(word)), faint(` ${probability(Number(p))}`)),
  );
  const sentence = h(
    "p",
    { class: "kn-own-sentence" },
    bdi(tokens.join("")),
    prefix ? faint(bdi(prefix)) : "",
    " ",
    h("span", { class: "kn-chip kn-answer" }, bdi(quoted(token))),
    faint(" most likely: "),
    ...likely,
  );
  const words = [manyTokens(live, answer), otherAnswer(live, answer)].filter(w => w !== null);
  return [sentence, ...words.map(w => note(w))];
};

/**
 * @param {Attribution} live
 * @param {string} answer
 */
const manyTokens = (live, answer) => {
  const { answer_token: token, answer_tokens: n, answer_prefix: prefix, logprob, greedy } = live;
  if (n <= 1) return null;
  const by = prefix
    ? `its first distinguishing token, “${quoted(token)}”, after the answer prefix “${quoted(prefix)}”.`
    : `its first, “${quoted(token)}”.`;
  const says = greedy ? "greedy decoding says it" : "greedy decoding does not say it";
  const whole = `The whole answer has probability ${probability(Math.exp(logprob))}: ${says}.`;
  return `“${answer}” is ${n} tokens: it is scored by ${by} ${whole}`;
};

/**
 * What the model says in place of an answer that it doesn't give.
 *
 * @param {Attribution} live
 * @param {string} answer as it was typed
 */
export const otherAnswer = ({ rank, probability: p, greedy, top, answer_token: token }, answer) => {
  if (greedy) return null;
  if (rank <= 1) return `The model begins “${answer}” rightly, and goes on with other tokens.`;
  const [word, q] = top[0];
  const says = `The model says “${quoted(word)}” here (P ${chance(q)}), not “${answer}”`;
  const words = `${says}: “${quoted(token)}” has rank ${integer(rank)}, P ${chance(p)}.`;
  return p < 0.1 ? `${words} Attributions of so small a probability mean little.` : words;
};
