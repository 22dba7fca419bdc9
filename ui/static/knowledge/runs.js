// @ts-check
// Live runs of the tab Knowledge: one at a time, then the last one wanted, and how far it is.

import { h } from "../page/dom.js";
import { counted } from "../page/format.js";
import { keep } from "../page/server.js";

/**
 * How far a run is: `waiting` others come before it.
 *
 * @typedef {{ waiting?: number, words: string, done: number, of: number }} Progress
 */
/** @typedef {(progress: Progress) => void} Tell */
/** @typedef {(question: object, tell: Tell) => Promise<any>} Run */

const KEPT = 40; // answers

export class Runs {
  #asked = 0;
  /** @type {{ ask: number, resolve: (answer: any) => void, reject: (e: Error) => void, tell: Tell } | null} */
  #running = null;
  /** @type {(() => void) | null} */
  #next = null;
  /** @type {Map<string, any>} by question */
  #answers = new Map();

  /** @param {import("../page/types.d.ts").Widget} widget */
  constructor(widget) {
    this.widget = widget;
    widget.watch("value", () => this.#hear());
  }

  /**
   * What is found, which is remembered.
   *
   * @param {object} question
   * @param {Tell} tell
   * @returns {Promise<any>}
   */
  async run(question, tell) {
    const key = JSON.stringify(question);
    if (!this.#answers.has(key)) {
      keep(this.#answers, key, await this.#ask(question, tell), KEPT);
    }
    return this.#answers.get(key);
  }

  /**
   * @param {object} question
   * @param {Tell} tell
   */
  #ask(question, tell) {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#running = { ask: ++this.#asked, resolve, reject, tell };
        tell({ words: "asking", done: 0, of: 0 });
        this.widget.trigger("knowledge", { ...question, ask: this.#asked });
      };
      if (this.#running) {
        this.#next = start;
        tell({ words: "waiting for your previous run", done: 0, of: 0 });
      } else {
        start();
      }
    });
  }

  #hear() {
    const { value } = this.widget.props;
    const answer = value ? JSON.parse(value) : null;
    const running = this.#running;
    if (!answer || !running || answer.ask !== running.ask) return;
    if (!answer.found && !answer.error) {
      running.tell(answer);
      return;
    }
    this.#running = null;
    if (answer.error) running.reject(new Error(answer.error));
    else running.resolve(answer.found);
    const next = this.#next;
    this.#next = null;
    next?.();
  }
}

/** A line that tells how far a run is. */
export class ProgressLine {
  #bar = h("progress", { "aria-label": "Progress of the run" });
  #state = h("span", { class: "kn-count", role: "status" });
  node = h("div", { class: "kn-progress", hidden: true }, this.#bar, this.#state);

  /** @param {Progress} progress */
  tell({ waiting, words, done, of }) {
    this.node.hidden = false;
    if (of) {
      this.#bar.max = of;
      this.#bar.value = done;
    } else {
      this.#bar.removeAttribute("value");
    }
    const progress = of ? `${done} of ${of} ${words}` : `${words} …`;
    this.#state.textContent = waiting
      ? `waiting: ${counted(waiting, "run")} before yours`
      : progress;
  }

  end() {
    this.node.hidden = true;
    this.#state.textContent = "";
  }
}
