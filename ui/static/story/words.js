// @ts-check
// The story of a fact in words: what it is, verdicts, sentences linked to their evidence, and the
// effects at the last step as dots with intervals.

import { AskFact } from "../page/ask_fact.js";
import { bdi, faint, fill, h } from "../page/dom.js";
import { counted, integer } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { lastModel, stepNumbers } from "../page/steps.js";
import { effectDots } from "./dots.js";
import { learnedWords } from "./milestones.js";
import { reason } from "./reasons.js";
import { sentences } from "./sentences.js";
import { chip, verdictChip, verdictLines } from "./verdicts.js";

/** @typedef {import("./types.d.ts").Story} Story */

export class FactWords {
  /** @type {Story | null} */
  #story = null;
  #about = h("p", { class: "kn-faint" });
  #title = h("h2", { class: "kn-fact-title" });
  #chips = h("div", { class: "kn-verdicts" });
  #sentences = h("div", { class: "kn-sentences" });
  #ask = h("div", { class: "kn-ask-place" });
  #asking = new AskFact({
    model: lastModel,
    when: "at the last step",
    done: () => this.acts.again(),
  });
  #effectsBody = h("div", {});
  #nearBody = h("div", { class: "kn-near" });
  effects = h("section", { "aria-label": "Effects at the last step" }, this.#effectsBody);
  near = h("section", { "aria-label": "Also asked near this" }, this.#nearBody);
  node = h(
    "div",
    { class: "kn-words", hidden: true },
    this.#about,
    this.#title,
    this.#chips,
    this.#sentences,
    this.#ask,
    this.#asking.node,
    this.#links(),
    this.effects,
    this.near,
  );

  /**
   * @param {{ show: (to: string, step?: number) => void, again: () => void }} acts brings evidence
   *   into view; loads the story again
   */
  constructor(acts) {
    this.acts = acts;
  }

  #links() {
    const explore = () => {
      const text = this.#story?.prompts[0]?.text ?? this.#story?.fact.subject ?? "";
      go({ tab: "explore", text });
    };
    const knowledge = () => go({ tab: "knowledge", sentence: "", answer: "" });
    return h(
      "div",
      { class: "kn-tools" },
      h("button", { type: "button", class: "kn-run", onclick: explore }, "Open in Explore"),
      h(
        "button",
        { type: "button", class: "kn-sql", onclick: knowledge },
        "its neurons in Knowledge",
      ),
    );
  }

  clear() {
    this.node.hidden = true;
  }

  /**
   * @param {Story} story
   * @param {string} kind of intervention
   */
  show(story, kind) {
    this.#story = story;
    const { fact, milestones, verdicts, near } = story;
    fill(this.#about, `${fact.relation} · ${askedWords(story)}`);
    fill(this.#title, h("b", {}, bdi(fact.subject)), faint(" → "), h("b", {}, bdi(fact.object)));
    const learned = learnedWords(milestones);
    const tone = milestones?.stable !== null && milestones ? "supported" : "no evidence";
    fill(
      this.#chips,
      learned &&
        chip(learned, tone, "between two checkpoints: what lies between them is not known"),
      ...verdicts.filter(v => v.kind === "suppress").map(verdictChip),
    );
    fill(
      this.#sentences,
      ...sentences(story).map(parts => h("p", {}, ...parts.map(p => this.#part(p)))),
    );
    fill(this.#ask, ...askPlace(story));
    this.#asking.show(isWhole(story) ? null : { fact: fact.fact_id });
    this.kind(kind);
    fill(
      this.#nearBody,
      near.length > 0 && h("h3", {}, "Also asked near this"),
      ...near.map(nearButton),
    );
    this.node.hidden = false;
  }

  /** @param {string} kind */
  kind(kind) {
    const story = this.#story;
    if (!story) return;
    const last = stepNumbers().at(-1) ?? 0;
    const dots = effectDots(story.effects.filter(e => e.kind === kind && e.step === last));
    const words = kind === "suppress" ? "Set to 0" : "Amplified";
    fill(
      this.#effectsBody,
      dots && h("h3", {}, `${words} at step ${integer(last)}`),
      dots,
      ...(kind === "suppress" ? [] : verdictLines(story.verdicts, kind)),
    );
  }

  /** @param {string | import("./sentences.js").Link} part */
  #part(part) {
    if (typeof part === "string") return part;
    const show = () => this.acts.show(part.to, part.step);
    return h("button", { type: "button", class: "kn-link kn-evidence", onclick: show }, part.words);
  }
}

/** @param {Story} story */
const askedWords = ({ prompts, on_demand: steps }) => {
  const n = new Set(prompts.map(p => p.prompt)).size;
  if (!n) return "not asked";
  const all = new Set(prompts.map(p => p.step)).size;
  const at = steps.length && steps.length < all ? ` at ${counted(steps.length, "step")}` : "";
  return `asked in ${counted(n, "prompt")}${steps.length ? `, on demand${at}` : ""}`;
};

/**
 * Whether no more is to be had: it was asked at all steps and, where it is known, attributed.
 *
 * @param {Story} story
 */
const isWhole = story => {
  const kind = reason(story)?.kind;
  const asked = new Set(story.prompts.map(p => p.step));
  return kind !== "asked" && kind !== "attributed" && stepNumbers().every(s => asked.has(s));
};

/**
 * Where a fact has no numbers: why, and what makes them.
 *
 * @param {Story} story
 */
const askPlace = story => {
  const why = reason(story);
  if (!why) return [];
  return [
    h("p", { class: "kn-message kn-note", role: "status", "data-kn-reason": why.kind }, why.words),
    why.command && h("p", { class: "kn-faint" }, "This makes it: ", h("code", {}, why.command)),
  ];
};

/** @param {import("./types.d.ts").Near} fact */
const nearButton = ({ fact_id, subject, object, relation, n_shared: n }) =>
  h(
    "button",
    {
      type: "button",
      class: "kn-near-fact",
      title: n ? `${relation}; shares ${n} of its neurons` : relation,
      "aria-current": String(fact_id) === store.state.fact ? "true" : null,
      onclick: () => go({ fact: String(fact_id) }),
    },
    bdi(subject),
    " → ",
    bdi(object),
  );
