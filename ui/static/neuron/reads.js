// @ts-check
// What the neuron on screen reads at the current token: asked of the live model, for the token at which
// the slider rests, and kept.

import { Cancelled, progressWords, runJob } from "../page/job.js";
import { keep } from "../page/server.js";
import { store } from "../page/store.js";
import { targetAsked } from "../page/target.js";
import { debounce } from "../page/timing.js";

/** @typedef {import("../page/reads.js").ReadsAnswer} ReadsAnswer */

const KEPT = 200; // answers
const REST_MS = 300; // of the slider, before its token is asked for

export class Reads {
  /** @type {Map<string, ReadsAnswer>} */
  #answers = new Map();
  /** @type {AbortController | null} of the job under way */
  #stop = null;
  #asked = "";
  /** @type {string} how far the answer is, or why it can't be had */
  words = "";
  isTrouble = false;
  #later = debounce(REST_MS, () => this.#run());

  /**
   * @param {() => void} onchange hears that there is more of it
   * @param {() => boolean} isWanted whether anyone sees it
   */
  constructor(onchange, isWanted) {
    this.onchange = onchange;
    this.isWanted = isWanted;
  }

  #question() {
    const { layer, neuron, token } = store.state;
    const asked = targetAsked();
    return asked && layer !== null ? { ...asked, layer, neuron, position: token ?? 0 } : null;
  }

  /** What is known of the neuron at the token; null: nothing yet, it is asked for. */
  answer() {
    const question = this.#question();
    if (!question) return null;
    const key = JSON.stringify(question);
    const known = this.#answers.get(key) ?? null;
    if (known || store.target.missing) return known;
    if (store.target.words || store.isDue) {
      this.#say("after the contributions, which come first"); // their end is told
    } else if (key !== this.#asked) {
      this.#stop?.abort();
      this.#asked = "";
      this.#say("…");
      this.#later();
    }
    return null;
  }

  /** @param {string} words */
  #say(words, isTrouble = false) {
    this.words = words;
    this.isTrouble = isTrouble;
  }

  async #run() {
    const question = this.#question();
    if (!question || store.isDue || !this.isWanted()) return;
    const key = JSON.stringify(question);
    if (key === this.#asked || this.#answers.has(key)) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#asked = key;
    const tell = (/** @type {import("../page/job.js").Progress} */ state) => {
      if (this.#stop !== stop) return;
      this.#say(progressWords(state));
      this.onchange();
    };
    try {
      keep(this.#answers, key, await runJob("reads", question, tell, stop.signal), KEPT);
    } catch (error) {
      if (this.#stop !== stop || error instanceof Cancelled) return;
      this.#say(/** @type {Error} */ (error).message, true);
    }
    if (this.#stop === stop) this.onchange();
  }
}
