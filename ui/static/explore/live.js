// @ts-check
// A text of one's own, run through the atlas' model: asked for, queued, told how far it is.

import { fill, h, message } from "../page/dom.js";
import { JobLine, runJob } from "../page/job.js";
import { setTextRunner } from "../page/loading.js";
import { go } from "../page/navigate.js";
import { ask, keep } from "../page/server.js";
import { on, store } from "../page/store.js";

/** @typedef {import("../page/types.d.ts").PromptAnswer} PromptAnswer */

const KEPT = 8; // answers: going back is instant

export class LiveForm {
  /** @type {Map<string, PromptAnswer>} */
  #answers = new Map();
  #box = h("textarea", {
    class: "kn-own",
    rows: "2",
    spellcheck: "false",
    "aria-label": "Your own text",
    placeholder: "Any text. Enter runs it, Shift+Enter starts a new line.",
  });
  #run = h("button", { type: "button", class: "kn-run", onclick: () => this.#start() }, "Run");
  #line = new JobLine();
  #missing = h("div", {}); // apart from what is said of a text: neither takes the other away
  #trouble = h("div", {});
  #form = h(
    "details",
    { class: "kn-live", ontoggle: () => this.#look() },
    h("summary", {}, "Run your own text"),
    h("div", { class: "kn-write" }, this.#box, this.#run),
    this.#line.node,
    this.#missing,
    this.#trouble,
  );

  /** @param {HTMLElement} pane */
  constructor(pane) {
    pane.append(this.#form);
    setTextRunner((model, text) => this.#answer(model, text));
    this.#box.addEventListener("keydown", event => {
      if (event.key !== "Enter" || event.shiftKey) return;
      this.#start();
      event.preventDefault();
    });
    on("text", text => this.#show(text));
    on("prompt", () => {
      // What was run has the room then; the text stays in the box.
      if (store.prompt?.prompt.live) this.#form.open = false;
    });
    on("model", () => this.#look());
    this.#show(store.state.text);
  }

  /** @param {string} text */
  #show(text) {
    if (!text) return;
    this.#box.value = text;
    this.#form.open = true;
  }

  /** Whether the model is on this machine is said before anything is typed. */
  async #look() {
    const { model } = store.state;
    if (!this.#form.open || !model) return;
    try {
      const { missing } = await ask("can_run", { model });
      this.#run.disabled = Boolean(missing);
      fill(this.#missing, missing && message(missing));
    } catch (error) {
      fill(this.#missing, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  async #start() {
    const text = this.#box.value.trim();
    if (this.#run.disabled) return;
    fill(this.#trouble, !text && message("There is no text yet: write some words, then run them."));
    if (!text) {
      this.#box.focus();
      return;
    }
    if (text === store.state.text) {
      await go({ text: "" }, { push: false });
      go({ text });
    } else {
      go({ text, token: null });
    }
  }

  // -- the run --------------------------------------------------------------------------------

  /**
   * The data of a text's prompt, as the question `prompt` gives that of the corpus.
   *
   * @param {string | null} model
   * @param {string} text
   */
  async #answer(model, text) {
    const key = JSON.stringify([model, text]);
    const before = this.#answers.get(key);
    if (before) return before;
    fill(this.#trouble);
    this.#run.disabled = true;
    try {
      const { prompt } = await this.#line.show((tell, signal) => {
        tell({ words: "asking" });
        return runJob("text", { model, text }, tell, signal);
      });
      keep(this.#answers, key, prompt, KEPT);
      return /** @type {PromptAnswer} */ (prompt);
    } finally {
      this.#run.disabled = false;
    }
  }
}
