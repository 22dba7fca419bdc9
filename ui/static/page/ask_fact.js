// @ts-check
// Asking a fact on demand: at one checkpoint or at all, with the time it takes, progress and cancel.

import { asking, found } from "./asked_words.js";
import { fill, h, message } from "./dom.js";
import { Cancelled, JobLine, runJob } from "./job.js";
import { ask, forget } from "./server.js";
import { emit } from "./store.js";

/** @typedef {import("./asked_words.js").Means} Means */
/** @typedef {import("./asked_words.js").Asked} Asked */
/**
 * @typedef {object} Options
 * @property {() => string | null} model that is asked, at one of its checkpoints or at all
 * @property {string} [when] in words, where one checkpoint is asked
 * @property {() => void} done hears that the lake has more of the fact now
 */

export class AskFact {
  #fact = -1;
  #isRunning = false;
  #line = new JobLine();
  #buttons = h("div", { class: "kn-tools" });
  #said = h("div", { class: "kn-asked" });
  node = h("div", { class: "kn-ask-fact" }, this.#buttons, this.#line.node, this.#said);

  /** @param {Options} options */
  constructor({ model, done, when }) {
    this.model = model;
    this.when = when;
    this.done = done;
  }

  /**
   * Offer to ask a fact: null for none, since all of it is there.
   *
   * @param {number | null} fact
   * @param {("one" | "all")[]} [offered]
   */
  async show(fact, offered = ["one", "all"]) {
    if (fact !== this.#fact) {
      this.#line.cancel();
      fill(this.#said);
    }
    this.#fact = fact ?? -1;
    if (this.#isRunning) return;
    fill(this.#buttons);
    const model = this.model();
    if (fact === null || model === null) return;
    /** @type {Means} */
    const means = await ask("can_ask", { model });
    if (fact !== this.#fact || this.#isRunning) return;
    if (means.missing) {
      fill(this.#buttons, h("p", { class: "kn-faint" }, means.missing));
      return;
    }
    const buttons = asking(means, offered, this.when).map(({ steps, words }) =>
      h(
        "button",
        { type: "button", class: "kn-run", "data-kn-ask": steps, onclick: () => this.#ask(steps) },
        words,
      ),
    );
    fill(this.#buttons, means.damaged && message(means.damaged, "error"), ...buttons);
  }

  /** @param {"one" | "all"} steps */
  async #ask(steps) {
    const asked = { model: this.model(), fact: this.#fact, what: "change", steps };
    this.#isRunning = true;
    fill(this.#buttons);
    fill(this.#said);
    try {
      /** @type {Asked} */
      const answer = await this.#line.show((tell, signal) =>
        runJob("ask_fact", asked, tell, signal),
      );
      if (asked.fact === this.#fact) fill(this.#said, ...found(answer));
    } catch (error) {
      const words = /** @type {Error} */ (error).message;
      const isOver = error instanceof Cancelled;
      const kept = isOver ? `${words} Checkpoints that were done are kept.` : words;
      if (asked.fact === this.#fact) fill(this.#said, message(kept, isOver ? "note" : "error"));
    } finally {
      this.#isRunning = false;
      forget();
      emit("fact-was-asked");
      this.done();
    }
  }
}
