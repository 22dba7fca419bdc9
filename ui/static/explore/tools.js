// @ts-check
// What is over the heatmap: the target, the order of cells, what is folded, and how far it all is.

import { isAlwaysOn } from "../page/always_on.js";
import { logits } from "../page/contributions.js";
import { fill, h } from "../page/dom.js";
import { counted, integer } from "../page/format.js";
import { cancelButton } from "../page/job.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { cancelTarget } from "../page/target.js";
import { ORDERS, readOrder } from "../page/target_text.js";
import { LensChoice } from "./lens_choice.js";
import { TargetChips } from "./target_chips.js";

/** @typedef {import("../page/target_text.js").Order} Order */

export class Tools {
  #chips = new TargetChips();
  #order = h(
    "select",
    { "aria-label": "Order of the neurons in a row", onchange: () => this.#choose() },
    ...ORDERS.map(([order, words]) => h("option", { value: order }, words)),
  );
  #fold = h("button", {
    type: "button",
    class: "kn-chip kn-choice kn-fold",
    onclick: () => this.#turn(),
  });
  #lens = new LensChoice();
  #state = h("span", { class: "kn-count", role: "status" });
  #cancel = cancelButton(cancelTarget);
  /** @type {boolean | null} whether always-on neurons are folded; null: as the order has it */
  #isFolded = null;

  /**
   * @param {HTMLElement} more another choice
   * @param {() => void} onfold hears that others are folded
   */
  constructor(more, onfold) {
    this.onfold = onfold;
    const order = h("label", { class: "kn-chip kn-choice kn-order" }, "order: ", this.#order);
    const state = h("span", { class: "kn-how-far" }, this.#state, " ", this.#cancel);
    this.node = h(
      "div",
      { class: "kn-tools kn-criteria" },
      ...this.#chips.nodes,
      order,
      this.#fold,
      this.#lens.node,
      more,
      state,
    );
  }

  #choose() {
    this.#isFolded = null;
    go({ order: this.#order.value === "contribution" ? "" : this.#order.value });
  }

  #turn() {
    this.#isFolded = !this.isFolded();
    this.onfold();
  }

  /** Whether neurons that always fire are folded: not where cells are raw, unless one wants it. */
  isFolded() {
    if (this.#isFolded !== null) return this.#isFolded;
    const order = readOrder(store.state.order) ?? "contribution";
    return order === "unusual" || (order === "contribution" && store.target.data !== null);
  }

  /**
   * @param {import("./judge.js").Judge} judge
   * @param {import("./rarity.js").Rarity} rarity
   */
  show(judge, rarity) {
    const { prompt, state, target } = store;
    if (!prompt) return;
    this.#chips.show();
    const order = readOrder(state.order) ?? "contribution";
    this.#order.value = order;
    let [fired, always, folded] = [0, 0, 0];
    for (let layer = 0; layer < prompt.nLayers; layer++) {
      for (const { neuron, i } of prompt.fired(state.token ?? 0, layer)) {
        fired++;
        if (!isAlwaysOn(layer, neuron)) continue;
        always++;
        folded += target.data?.fired[i] ?? 0;
      }
    }
    const sum = order === "contribution" && target.data ? ` (${logits(folded)})` : "";
    const how = this.isFolded() ? `folded${sum} ▸` : "shown ▾";
    fill(
      this.#fold,
      `${integer(fired)} fired${always ? ` · ${integer(always)} always-on ${how}` : ""}`,
    );
    this.#fold.disabled = !always;
    this.#fold.title = "Always-on: they fire at over 10 % of all tokens of the corpus";
    this.#fold.setAttribute("aria-pressed", String(this.isFolded()));
    const words = this.#words(order, judge, rarity);
    if (this.#state.textContent !== words) this.#state.textContent = words;
    this.#cancel.hidden = !target.words;
    this.#state.classList.toggle("kn-passing", Boolean(target.words));
    this.#state.title = target.words ? words : "";
  }

  /**
   * How far what was asked for is, or why it can't be had.
   *
   * @param {Order} order
   * @param {import("./judge.js").Judge} judge
   * @param {import("./rarity.js").Rarity} rarity
   */
  #words(order, judge, rarity) {
    const { words, missing, trouble } = store.target;
    const isRaw = order === "contribution" && judge.by === "raw" ? "cells are raw: " : "";
    if (words) return `${isRaw}contributions: ${words}`;
    if (missing) return `${isRaw}contributions need the model: ${missing.replaceAll("`", "")}`;
    if (trouble) return `${isRaw}contributions: ${trouble}`;
    if (order !== "unusual" || judge.by === "unusual") return "";
    return rarity.trouble
      ? `cells are raw: ${rarity.trouble.replaceAll("`", "")}`
      : "cells are raw until it is counted how unusual each is";
  }
}

/**
 * What a legend says of an order.
 *
 * @param {Order} by
 * @param {number} nPrompts
 */
export const orderWords = (by, nPrompts) =>
  ({
    contribution: "strongest contribution first",
    unusual: `most unusual first, by peaks in ${counted(nPrompts, "prompt")}`,
    raw: "strongest activation first",
    index: "each at the place of its index",
  })[by];
