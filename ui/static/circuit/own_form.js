// @ts-check
// The form for a circuit of one's own: a sentence and its contrast, each with its answer.

import { fill, h, message } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { ask } from "../page/server.js";
import { store } from "../page/store.js";
import { subjectIn, swapped } from "./own_words.js";

const INCOMPLETE =
  "Write the beginning of a sentence, and its contrast: the same with another subject.";

/** @typedef {{ own: string, own_answer: string, contrast: string, contrast_answer: string }} Typed */

/**
 * @param {string} label
 * @param {string} placeholder
 */
const line = (label, placeholder) =>
  h("input", {
    class: "kn-search",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": label,
    placeholder,
  });

/**
 * @param {string} label
 * @param {string} placeholder
 */
const area = (label, placeholder) =>
  h("textarea", {
    class: "kn-own",
    rows: "2",
    spellcheck: "false",
    "aria-label": label,
    placeholder,
  });

export class OwnForm {
  #own = area("Your sentence, up to the answer", "e.g. Kabul is the capital of");
  #answer = line("Its answer", "answer (or the model's)");
  #subject = line("Its subject", "subject: mark it in the sentence");
  #other = line("Another subject in its place", "another in its place, e.g. Tehran");
  #contrast = area(
    "The contrast: another sentence of as many tokens",
    "The contrast: the same with another subject, or any sentence of as many tokens",
  );
  #contrastAnswer = line("The contrast's answer", "its answer (or the model's)");
  #run = h("button", { type: "button", class: "kn-run", onclick: () => this.#go() }, "Run");
  #trouble = h("div", {});
  node = h(
    "details",
    { class: "kn-own-form", ontoggle: () => this.node.open && this.#opened() },
    h("summary", {}, "Try your own sentence"),
    h(
      "div",
      { class: "kn-ask-form" },
      h("div", { class: "kn-own-line" }, this.#own, this.#answer),
      h("div", { class: "kn-ask-line" }, this.#subject, "→", this.#other),
      h("div", { class: "kn-own-line" }, this.#contrast, this.#contrastAnswer),
      h("div", { class: "kn-ask-line" }, this.#run),
    ),
    this.#trouble,
  );

  /** @param {() => void} again hears that what is on screen is asked once more */
  constructor(again) {
    this.again = again;
    this.#own.addEventListener("select", () => this.#mark());
    this.#own.addEventListener("input", () => this.#propose());
    for (const box of [this.#subject, this.#other]) {
      box.addEventListener("input", () => this.#swap());
    }
    for (const box of [this.#own, this.#answer, this.#other, this.#contrast, this.#contrastAnswer])
      box.addEventListener("keydown", event => {
        const { key, shiftKey } = /** @type {KeyboardEvent} */ (event);
        if (key !== "Enter" || shiftKey) return;
        this.#go();
        event.preventDefault();
      });
  }

  /** What was typed has to be mended. */
  open() {
    this.node.open = true;
  }

  /** @param {Typed} typed */
  fill({ own, own_answer: answer, contrast, contrast_answer: other }) {
    if (this.#own.value === own && this.#contrast.value === contrast) return;
    this.#own.value = own;
    this.#answer.value = answer;
    this.#contrast.value = contrast;
    this.#contrastAnswer.value = other;
    this.#other.value = "";
    this.#propose();
  }

  /** The words that are marked in the sentence are its subject. */
  #mark() {
    const { selectionStart: from, selectionEnd: to, value } = this.#own;
    const marked = value.slice(from, to).trim();
    if (!marked) return;
    this.#subject.value = marked;
    this.#swap();
  }

  #propose() {
    if (!this.#own.value.includes(this.#subject.value) || !this.#subject.value) {
      this.#subject.value = subjectIn(this.#own.value);
    }
    this.#swap();
  }

  #swap() {
    const [subject, other] = [this.#subject.value, this.#other.value];
    if (other) this.#contrast.value = swapped(this.#own.value, subject, other);
  }

  #opened() {
    if (!this.#own.value && store.state.sentence) {
      this.#own.value = store.state.sentence;
      this.#answer.value = store.state.answer;
      this.#propose();
    }
    this.#look();
  }

  async #look() {
    const { model } = store.state;
    if (!model) return;
    try {
      const { missing } = await ask("can_run", { model });
      this.#run.disabled = Boolean(missing);
      fill(this.#trouble, missing && message(missing));
    } catch (error) {
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  #go() {
    const typed = {
      own: this.#own.value,
      own_answer: this.#answer.value,
      contrast: this.#contrast.value,
      contrast_answer: this.#contrastAnswer.value,
    };
    const isWhole = typed.own.trim() && typed.contrast.trim();
    fill(this.#trouble, !isWhole && message(INCOMPLETE));
    if (!isWhole) return;
    const names = /** @type {(keyof Typed)[]} */ (Object.keys(typed));
    if (names.every(name => typed[name] === store.state[name])) this.again();
    else go({ ...typed, node: "", changed: "" });
    this.node.open = false;
  }
}
