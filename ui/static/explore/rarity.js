// @ts-check
// How unusual the values of the prompt on screen are for their neurons. Asked for once for a prompt,
// when cells are first ordered so.

import { unpack } from "../page/packed.js";
import { remembered } from "../page/server.js";
import { on, store } from "../page/store.js";
import { readOrder } from "../page/target_text.js";

export class Rarity {
  /** @type {import("../page/packed.js").Numbers | null} of each that fired: share of prompts */
  shares = null;
  /** @type {string | null} why there are none */
  trouble = null;
  #key = "";

  /** @param {() => void} onchange hears that more is known */
  constructor(onchange) {
    this.onchange = onchange;
    on("tables", () => {
      if (this.trouble === null) return;
      this.#key = ""; // what was missing may have come
      this.load();
    });
  }

  /** Ask for what the prompt and the order on screen need. */
  async load() {
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
