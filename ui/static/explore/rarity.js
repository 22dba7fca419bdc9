// @ts-check
// How unusual the values of the prompt on screen are for their neurons, and which neurons of the model
// fire nearly always. Asked for once for a prompt, when cells are first ordered so.

import { unpack } from "../page/packed.js";
import { remembered } from "../page/server.js";
import { store } from "../page/store.js";
import { readOrder } from "../page/target_text.js";

export class Rarity {
  /** @type {import("../page/packed.js").Numbers | null} of each that fired: share of prompts */
  shares = null;
  /** @type {string | null} why there are none */
  trouble = null;
  /** @type {{ model: string | null, keys: Set<string> }} */
  #always = { model: null, keys: new Set() };
  #key = "";

  /** @param {() => void} onchange hears that more is known */
  constructor(onchange) {
    this.onchange = onchange;
  }

  /**
   * @param {number} layer
   * @param {number} neuron
   */
  isAlwaysOn(layer, neuron) {
    return this.#always.keys.has(`${layer}/${neuron}`);
  }

  /** Ask for what the prompt and the order on screen need. */
  load() {
    this.#loadAlways();
    this.#loadShares();
  }

  async #loadAlways() {
    const { model } = store.state;
    if (this.#always.model === model) return;
    this.#always = { model, keys: new Set() };
    try {
      const { neurons } = await remembered("always_on", { model });
      if (this.#always.model !== model) return;
      const keys = neurons.map((/** @type {[number, number]} */ pair) => pair.join("/"));
      this.#always = { model, keys: new Set(keys) };
      this.onchange();
    } catch {
      this.#always.model = null; // none is folded; what is wrong the pane of the neuron says
    }
  }

  async #loadShares() {
    const { model, prompt, text } = store.state;
    const shown = store.prompt;
    if (!shown) return;
    const asked = { model, ...(text ? { live: shown.prompt.live } : { prompt }) };
    const key = JSON.stringify(asked);
    if (key !== this.#key) {
      this.shares = null;
      this.trouble = null;
      this.#key = "";
    }
    if (readOrder(store.state.order) !== "unusual" || key === this.#key) return;
    this.#key = key;
    try {
      const { share, missing } = await remembered("unusual", asked);
      if (this.#key !== key) return;
      this.shares = share && unpack(share);
      this.trouble = missing.unusual ?? null;
    } catch (error) {
      if (this.#key !== key) return;
      this.trouble = /** @type {Error} */ (error).message;
    }
    this.onchange();
  }
}
