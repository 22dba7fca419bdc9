// @ts-check
// A text of one's own, run through the atlas' model: asked for, queued, told how far it is.

import { fill, h, message } from "../page/dom.js";
import { counted } from "../page/format.js";
import { setTextRunner } from "../page/loading.js";
import { go } from "../page/navigate.js";
import { ask, keep } from "../page/server.js";
import { on, store } from "../page/store.js";

/** @typedef {import("../page/types.d.ts").PromptAnswer} PromptAnswer */
/**
 * An answer of the event `live`: how far the run is, then its prompt or an error.
 *
 * @typedef {object} LiveAnswer
 * @property {number} ask
 * @property {number} [waiting] texts before this one
 * @property {string} [words]
 * @property {number} [done]
 * @property {number} [of]
 * @property {PromptAnswer} [prompt]
 * @property {string} [error]
 */

const KEPT = 8; // answers: going back is instant

export class LiveForm {
  /** @type {Map<string, PromptAnswer>} */
  #answers = new Map();
  #asked = 0;
  /** @type {{ resolve: (prompt: PromptAnswer) => void, reject: (error: Error) => void } | null} */
  #waiting = null; // for the run under way
  #box = h("textarea", {
    class: "kn-own",
    rows: "2",
    spellcheck: "false",
    "aria-label": "Your own text",
    placeholder: "Any text. Enter runs it, Shift+Enter starts a new line.",
  });
  #run = h("button", { type: "button", class: "kn-run", onclick: () => this.#start() }, "Run");
  #state = h("span", { class: "kn-count", role: "status" });
  #bar = h("progress", { hidden: true, "aria-label": "Progress of the run" });
  #trouble = h("div", {});
  #form = h(
    "details",
    { class: "kn-live", ontoggle: () => this.#look() },
    h("summary", {}, "Run your own text"),
    h("div", { class: "kn-write" }, this.#box, this.#run),
    h("div", { class: "kn-progress" }, this.#bar, this.#state),
    this.#trouble,
  );

  /**
   * @param {HTMLElement} pane
   * @param {import("../page/types.d.ts").Widget} widget
   */
  constructor(pane, widget) {
    this.widget = widget;
    pane.append(this.#form);
    setTextRunner((model, text) => this.#answer(model, text));
    widget.watch("value", () => this.#hear());
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
      fill(this.#trouble, missing && message(missing));
    } catch (error) {
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  async #start() {
    const text = this.#box.value.trim();
    if (!text || this.#run.disabled) return;
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
    /** @type {PromptAnswer} */
    const answer = await new Promise((resolve, reject) => {
      this.#waiting?.reject(new Error("another text took its place"));
      this.#waiting = { resolve, reject };
      this.#state.textContent = "asking …";
      fill(this.#trouble);
      this.#run.disabled = true;
      this.widget.trigger("live", { model, text, ask: ++this.#asked });
    });
    keep(this.#answers, key, answer, KEPT);
    return answer;
  }

  #hear() {
    const { value } = this.widget.props;
    /** @type {LiveAnswer | null} */
    const answer = value ? JSON.parse(value) : null;
    if (!answer || answer.ask !== this.#asked || !this.#waiting) return;
    if (!answer.prompt && !answer.error) {
      this.#tell(answer);
      return;
    }
    this.#bar.hidden = true;
    this.#state.textContent = "";
    this.#run.disabled = false;
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    if (answer.prompt) resolve(answer.prompt);
    else reject(new Error(answer.error));
  }

  /** @param {LiveAnswer} answer */
  #tell({ waiting, words, done = 0, of }) {
    this.#bar.hidden = false;
    if (of) {
      this.#bar.max = of;
      this.#bar.value = done;
    } else {
      this.#bar.removeAttribute("value");
    }
    const progress = of ? `${words} ${done} of ${of}` : `${words} …`;
    this.#state.textContent = waiting
      ? `waiting: ${counted(waiting, "text")} before yours`
      : progress;
  }
}
