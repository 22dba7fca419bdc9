// @ts-check
// Asking a fact on demand: at one checkpoint or at all, with the time it takes, progress and cancel.

import { asking, found, stepLines } from "./asked_words.js";
import { takeWanted } from "./ask_once.js";
import { fill, h, message } from "./dom.js";
import { Cancelled, JobLine, runJob } from "./job.js";
import { ask, forget, remembered } from "./server.js";
import { emit } from "./store.js";

/** @typedef {import("./asked_words.js").Means} Means */
/** @typedef {import("./asked_words.js").Asked} Asked */
/**
 * @typedef {object} Options
 * @property {() => string | null} model that is asked, at one of its checkpoints or at all
 * @property {string} [when] in words, where one checkpoint is asked
 * @property {() => void} done hears that the lake has more of the fact now
 */

/** @typedef {{ fact: number } | { sentence: string, answer: string }} Subject */

/**
 * @param {Subject | null} a
 * @param {Subject | null} b
 */
const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class AskFact {
  /** @type {Subject | null} */
  #subject = null;
  #isRunning = false;
  #line = new JobLine();
  #buttons = h("div", { class: "kn-tools" });
  #said = h("div", { class: "kn-asked" });
  #there = h("div", { class: "kn-asked" });
  node = h(
    "div",
    { class: "kn-ask-fact" },
    this.#buttons,
    this.#line.node,
    this.#said,
    this.#there,
  );

  /** @param {Options} options */
  constructor({ model, done, when }) {
    this.model = model;
    this.when = when;
    this.done = done;
  }

  /**
   * Offer to ask a fact or a sentence: null for none, since all of it is there.
   *
   * @param {Subject | null} subject
   */
  async show(subject) {
    if (!isSame(subject, this.#subject)) {
      this.#line.cancel();
      for (const part of [this.#said, this.#there]) fill(part);
    }
    this.#subject = subject;
    if (this.#isRunning) return;
    fill(this.#buttons);
    const model = this.model();
    if (subject === null || model === null) return;
    if ("sentence" in subject) await this.#showThere(subject, model);
    /** @type {Means} */
    const means = await ask("can_ask", { model });
    if (!isSame(subject, this.#subject) || this.#isRunning) return;
    if (means.missing) {
      fill(this.#buttons, h("p", { class: "kn-faint" }, means.missing));
      return;
    }
    const buttons = asking(means, ["one", "all"], this.when).map(({ steps, words }) =>
      h(
        "button",
        { type: "button", class: "kn-run", "data-kn-ask": steps, onclick: () => this.#ask(steps) },
        words,
      ),
    );
    fill(this.#buttons, means.damaged && message(means.damaged, "error"), ...buttons);
    const canAsk = "fact" in subject && !means.damaged && this.node.offsetParent;
    if (canAsk && takeWanted(subject.fact)) this.#ask(buttons.length > 1 ? "all" : "one");
  }

  /**
   * What the lake has of a sentence, which has no pane of its own.
   *
   * @param {Subject} subject
   * @param {string} model
   */
  async #showThere(subject, model) {
    const { steps } = await remembered("asked_steps", { model, what: "change", ...subject });
    if (!isSame(subject, this.#subject)) return;
    const words = steps.length > 0 && h("p", { class: "kn-faint" }, "Kept in the lake:");
    fill(this.#there, words, stepLines(steps));
  }

  /** @param {"one" | "all"} steps */
  async #ask(steps) {
    const subject = this.#subject;
    const asked = { model: this.model(), ...subject, what: "change", steps };
    this.#isRunning = true;
    fill(this.#buttons);
    fill(this.#said);
    try {
      /** @type {Asked} */
      const answer = await this.#line.show((tell, signal) =>
        runJob("ask_fact", asked, tell, signal),
      );
      if (isSame(subject, this.#subject)) fill(this.#said, ...found(answer));
    } catch (error) {
      const words = /** @type {Error} */ (error).message;
      const isOver = error instanceof Cancelled;
      const kept = isOver ? `${words} Checkpoints that were done are kept.` : words;
      if (isSame(subject, this.#subject))
        fill(this.#said, message(kept, isOver ? "note" : "error"));
    } finally {
      this.#isRunning = false;
      forget();
      emit("fact-was-asked");
      this.done();
    }
  }
}
