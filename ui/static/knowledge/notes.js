// @ts-check
// What is said of a fact, or of a sentence that was run live, beside its title.

import { bdi, faint, h } from "../page/dom.js";
import { integer, number, ordinal, probability, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./subject.js").FactAnswer} FactAnswer */
/** @typedef {import("./subject.js").Attribution} Attribution */
/** @typedef {import("../page/dom.js").Child} Child */

/** @param {Child[]} children */
const note = (...children) => h("p", { class: "kn-faint" }, ...children);

/**
 * Whether the model knows it: right in half of the wordings or more.
 *
 * @param {Subject} subject
 */
const standing = subject => {
  const asked = subject.asked();
  const right = asked.filter(w => w.rank === 1).length;
  return { asked: asked.length, right, known: asked.length > 0 && 2 * right >= asked.length };
};

/**
 * @param {FactAnswer} fact
 * @param {Subject} subject
 * @returns {Child[]}
 */
export const factStanding = ({ fact }, subject) => {
  const { asked, right, known } = standing(subject);
  if (!asked) return [`${fact.relation} · `, "not asked of this model"];
  const words = h("b", { class: known ? "kn-first" : null }, known ? "known" : "not known");
  return [`${fact.relation} · `, words, `, right in ${right} of ${asked} wordings`];
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
    !asked &&
      !fact.missing &&
      note(
        "It is not among the facts that were asked of each relation: ",
        h("code", {}, "kn knowledge --facts"),
        " asks more.",
      ),
    asked > 0 &&
      !known &&
      note(
        "The model doesn't know this fact: there is hardly an answer for neurons to share out, ",
        fact.neurons.length
          ? "so that their scores say little."
          : "so nothing is attributed to them.",
      ),
    store.steps.length > 1 && note(h("button", training, "how it came to be, in Training")),
  ];
};

/**
 * By which token the answer is scored; null where it wasn't asked.
 *
 * @param {FactAnswer} fact
 */
const scoredBy = ({ fact, wordings }) => {
  const wording = wordings.find(w => w.answer_token !== null);
  if (!wording?.answer_token) return null;
  const { answer_token: token, given } = wording;
  if (token.trim() === fact.object && !given) return `Scored by its token “${quoted(token)}”.`;
  const after = given
    ? `, after “${quoted(given)}”, which it shares with another object and the prompt is given.`
    : ".";
  const by = `it is scored by its first distinguishing token, “${quoted(token)}”`;
  return `“${fact.object}” is more than one token: ${by}${after}`;
};

/** @param {Attribution} live */
export const sentenceStanding = ({ probability: p, rank }) =>
  `run live · P ${number(p)}, rank ${integer(rank)}`;

/**
 * @param {Attribution} live
 * @param {string} answer as it was typed
 */
export const sentenceNotes = (live, answer) => {
  const { answer_token: token, tokens, given, top } = live;
  const likely = top.map(([word, p]) =>
    h("span", { class: "kn-chip" }, bdi(quoted(word)), faint(` ${probability(Number(p))}`)),
  );
  const sentence = h(
    "p",
    { class: "kn-own-sentence" },
    bdi(tokens.join("")),
    given ? faint(bdi(given)) : "",
    " ",
    h("span", { class: "kn-chip kn-answer" }, bdi(quoted(token))),
    faint(" likeliest: "),
    ...likely,
  );
  const words = [manyTokens(live, answer), unknownAnswer(live)].filter(w => w !== null);
  return [sentence, ...words.map(w => note(w))];
};

/**
 * @param {Attribution} live
 * @param {string} answer
 */
const manyTokens = ({ answer_token: token, answer_tokens: n, given }, answer) => {
  if (n <= 1) return null;
  const by = given
    ? `“${quoted(token)}”, the first that tells it from other answers of its kind, ` +
      `after “${quoted(given)}”, which the sentence is given.`
    : `its first, “${quoted(token)}”.`;
  return `“${answer}” is ${n} tokens: it is scored by ${by}`;
};

/** @param {Attribution} live */
const unknownAnswer = ({ rank, probability: p }) => {
  if (rank <= 1) return null;
  const words = `it ranks ${ordinal(rank)} with a probability of ${number(p)}`;
  return `The model doesn't know this answer: ${words}. What is attributed is what little there is of it.`;
};
