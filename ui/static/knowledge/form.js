// @ts-check
// The form for a sentence of one's own, and whether the model can be run live.

import { fill, h, message } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { ask } from "../page/server.js";
import { store } from "../page/store.js";

const STEPS = ["8", "20", "50"]; // of the integral
const INCOMPLETE = "Write the beginning of a sentence and its answer.";

export class SentenceForm {
  /** @type {string | null | undefined} why nothing can be run live; undefined: not yet asked */
  #missing = undefined;
  #sentence = h("textarea", {
    class: "kn-own",
    rows: "2",
    spellcheck: "false",
    "aria-label": "Your sentence, up to the answer",
    placeholder: "e.g. Rotterdam is a city in the",
  });
  #answer = h("input", {
    class: "kn-search",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Its answer",
    placeholder: "e.g. Netherlands",
  });
  #steps = h(
    "select",
    { "aria-label": "Integration steps" },
    ...STEPS.map(value => h("option", { value }, `${value} steps`)),
  );
  #run = h("button", { type: "button", class: "kn-run", onclick: () => this.#ask() }, "Run");
  #trouble = h("div", {});
  node = h(
    "details",
    { class: "kn-own-form", ontoggle: () => this.node.open && this.#look() },
    h("summary", {}, "Try your own sentence"),
    h(
      "div",
      { class: "kn-ask-form" },
      this.#sentence,
      h("div", { class: "kn-ask-line" }, this.#answer, this.#steps, this.#run),
    ),
    this.#trouble,
  );

  /** @param {() => void} again hears that what is on screen is asked once more */
  constructor(again) {
    this.again = again;
    this.#steps.value = "20";
    for (const box of [this.#sentence, this.#answer]) {
      box.addEventListener("keydown", event => {
        const { key, shiftKey } = /** @type {KeyboardEvent} */ (event);
        if (key !== "Enter" || shiftKey) return;
        this.#ask();
        event.preventDefault();
      });
    }
  }

  steps() {
    return Number(this.#steps.value);
  }

  /** Why nothing can be run live, or null. */
  async missing() {
    if (this.#missing === undefined) await this.#look();
    return this.#missing ?? null;
  }

  /** The model may be another one. */
  forget() {
    this.#missing = undefined;
  }

  /**
   * @param {string} sentence
   * @param {string} answer
   */
  fill(sentence, answer) {
    this.#sentence.value = sentence;
    this.#answer.value = answer;
    this.node.open = true;
  }

  async #look() {
    const { model } = store.state;
    if (!model) return;
    try {
      const { missing } = await ask("can_run", { model });
      this.#missing = missing;
      this.#run.disabled = Boolean(missing);
      fill(this.#trouble, missing && message(missing));
    } catch (error) {
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  #ask() {
    const [sentence, answer] = [this.#sentence.value, this.#answer.value]; // as typed, blanks too
    const isWhole = sentence.trim() && answer.trim();
    fill(this.#trouble, !isWhole && message(INCOMPLETE));
    if (!isWhole) return;
    if (sentence === store.state.sentence && answer === store.state.answer) this.again();
    else go({ sentence, answer });
  }
}
