// @ts-check
// Whose attention a prompt is weighted with: the mean over heads, which the atlas holds, or that of
// a single head, which the model is asked for.

import { ignoredWords, notify } from "../page/address.js";
import { headText } from "../page/attention_text.js";
import { fill, h } from "../page/dom.js";
import { Cancelled, cancelButton, progressWords, runJob } from "../page/job.js";
import { go } from "../page/navigate.js";
import { ask } from "../page/server.js";
import { store } from "../page/store.js";

/** @typedef {import("../page/types.d.ts").AttentionAnswer} Attention */
/**
 * What there is of the chosen head: its attention, or words how far it is, or why it can't be had.
 *
 * @typedef {object} OfHead
 * @property {string} key what it is of
 * @property {Pick<Attention, "weights" | "unit">} [attention]
 * @property {string} [words]
 * @property {string} [trouble]
 */
/** @typedef {{ n: number | null, missing: string | null }} Heads of a model */

export class HeadChoice {
  /** @type {number | null} null: the mean over heads */
  chosen = null;
  /** @type {OfHead | null} */
  #answer = null;
  /** @type {Map<string | null, Heads>} by model */
  #heads = new Map();
  #stop = new AbortController(); // of the last head that was asked for
  cancel = cancelButton(() => this.#stop.abort());
  note = h("span", { class: "kn-faint" });

  /** @param {() => void} onchange hears that there is more of the head */
  constructor(onchange) {
    this.onchange = onchange;
    this.node = h("select", {
      class: "kn-heads",
      "aria-label": "Attention head",
      onchange: () =>
        go({ head: headText(this.node.value === "" ? null : Number(this.node.value)) }),
    });
  }

  #key() {
    const { model, prompt, text, layer } = store.state;
    return JSON.stringify([model, text || prompt, layer, this.chosen]);
  }

  /** What there is of the chosen head in the prompt on screen; null: nothing, or no head chosen. */
  answer() {
    return this.chosen !== null && this.#answer?.key === this.#key() ? this.#answer : null;
  }

  /** @param {boolean} shown */
  show(shown) {
    this.node.hidden = this.note.hidden = !shown;
    this.cancel.hidden = !shown || !this.answer()?.words;
  }

  /** Ask for the chosen head, unless that was done. */
  async load() {
    const key = this.#key();
    if (store.state.layer === null) return; // no neuron yet: it comes with the prompt
    if (this.chosen !== null && this.#answer?.key === key) {
      this.onchange();
      return;
    }
    this.#stop.abort();
    if (this.chosen === null) {
      this.#answer = null;
      this.onchange();
      return;
    }
    const stop = new AbortController();
    this.#stop = stop;
    /** @param {Omit<OfHead, "key">} part */
    const tell = part => {
      if (this.#stop !== stop) return;
      this.#answer = { key, ...part };
      this.onchange();
    };
    tell({ words: "starting …" });
    const { model, prompt, text, layer } = store.state;
    const asked = { model, layer, head: this.chosen, ...(text ? { text } : { prompt }) };
    try {
      const progress = (/** @type {import("../page/job.js").Progress} */ state) =>
        tell({ words: progressWords(state) });
      tell({ attention: await runJob("head", asked, progress, stop.signal) });
    } catch (error) {
      if (this.#stop !== stop) return;
      if (error instanceof Cancelled) this.#chooseMean();
      else tell({ trouble: /** @type {Error} */ (error).message });
    }
  }

  #chooseMean() {
    go({ head: headText(null) }, { push: false });
  }

  /** List the heads of the model on screen. */
  async list() {
    const { model } = store.state;
    const heads = this.#heads.get(model) ?? (await askHeads(model));
    this.#heads.set(model, heads);
    if (model !== store.state.model) return;
    const n = heads.n ?? 1;
    const missing = heads.missing?.replaceAll("`", "") ?? "";
    if (this.chosen !== null && heads.n !== null && this.chosen >= n) {
      notify(ignoredWords([`head=${this.chosen}`], { head: n - 1 }));
      this.#chooseMean();
      return;
    }
    const options = Array.from({ length: missing ? 0 : n }, (_, i) =>
      h("option", { value: String(i) }, `head ${i}`),
    );
    fill(this.node, h("option", { value: "" }, "mean of heads"), ...options);
    this.node.value = this.chosen === null ? "" : String(this.chosen);
    this.node.disabled = Boolean(missing);
    this.node.title = `Single heads run the model${missing && `: ${missing}`}`;
    this.note.title = missing;
    this.note.textContent = missing ? "single heads need the model, which can't be run here" : "";
  }
}

/**
 * @param {string | null} model
 * @returns {Promise<Heads>}
 */
const askHeads = async model => {
  try {
    return await ask("heads", { model });
  } catch (error) {
    return { n: null, missing: /** @type {Error} */ (error).message };
  }
};
