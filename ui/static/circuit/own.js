// @ts-check
// The live run of a circuit of one's own: first what estimates tell, then single effects.

import { faint, fill, h, message } from "../page/dom.js";
import { Cancelled, JobLine, runJob } from "../page/job.js";
import { keep } from "../page/server.js";
import { store } from "../page/store.js";
import { OwnForm } from "./own_form.js";
import { asCircuit, ownNotes } from "./own_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").OwnFound} OwnFound */

const KEPT = 20; // answers

/** Whether the address asks for a sentence of one's own. */
export const isOwn = () => Boolean(store.state.own && store.state.contrast);

/** What the address says of it, as the server is asked. */
export const ownQuestion = () => {
  const { model, own, own_answer: answer, contrast, contrast_answer } = store.state;
  return { model, sentence: own, answer, contrast, contrast_answer };
};

/** What leaves a sentence of one's own. */
export const NO_OWN = { own: "", own_answer: "", contrast: "", contrast_answer: "" };

export class OwnCircuit {
  /** @type {Map<string, OwnFound>} by question */
  #found = new Map();
  #line = new JobLine();
  #notes = h("div", { class: "kn-notes" });
  /** @type {OwnForm} */
  form;

  /** @param {() => void} again */
  constructor(again) {
    this.form = new OwnForm(again);
    this.node = h("div", {}, this.#line.node, this.#notes);
  }

  /** What is on screen isn't a sentence of one's own. */
  leave() {
    this.#line.cancel();
    fill(this.#notes);
  }

  /**
   * Run what the address asks for, and show each part as it comes. Throws where nothing can be
   * shown.
   *
   * @param {(circuit: Circuit) => unknown} show
   * @param {() => boolean} isLast
   */
  async load(show, isLast) {
    const question = ownQuestion();
    this.form.fill(store.state);
    this.leave();
    const tell = async (/** @type {OwnFound} */ found) => {
      if (!isLast()) return;
      const more = found.is_measured
        ? []
        : ["Areas are by the estimates; single effects are being measured."];
      fill(this.#notes, ...[...ownNotes(found), ...more].map(note));
      await show(asCircuit(found));
    };
    const screened = await this.#ask({ ...question, do: "screen" }).catch(error => {
      if (isLast()) this.form.open();
      throw error;
    });
    await tell(screened);
    if (!isLast()) return;
    try {
      await tell(await this.#ask({ ...question, do: "measure" }));
    } catch (error) {
      if (!isLast()) return;
      const words = /** @type {Error} */ (error).message;
      const kind = error instanceof Cancelled ? "note" : "error";
      const rest = message(`${words} Areas are by the estimates.`, kind);
      fill(this.#notes, ...ownNotes(screened).map(note), rest);
    }
  }

  /**
   * @param {object} question
   * @returns {Promise<OwnFound>}
   */
  async #ask(question) {
    const key = JSON.stringify(question);
    const there = this.#found.get(key);
    if (there) return there;
    const found = await this.#line.show((tell, signal) =>
      runJob("own_circuit", question, tell, signal),
    );
    keep(this.#found, key, found, KEPT);
    return found;
  }
}

/** @param {string} words */
const note = words => h("p", {}, faint(words));
