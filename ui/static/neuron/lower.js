// @ts-check
// The neuron in the prompt on screen: what it reads at the current token, or, on request, the former
// product of attention and activations, which is a correlation and no mechanism.

import { h, toggle } from "../page/dom.js";
import { readHead } from "../page/attention_text.js";
import { go } from "../page/navigate.js";
import { on, store } from "../page/store.js";
import { ReadsView } from "./reads_view.js";
import { WeightedPrompt } from "./weighted.js";

/** @typedef {"reads" | "product"} View */

export class Lower {
  #reads = new ReadsView();
  #product = new WeightedPrompt();
  #choice = toggle(
    "What is shown of the neuron in this prompt",
    /** @type {[View, string][]} */ ([
      ["reads", "what it reads here"],
      ["product", "attention × activations"],
    ]),
    "reads",
    view => go({ head: view === "reads" ? "" : "mean" }),
  );
  node = h(
    "section",
    { class: "kn-lower", "aria-label": "This prompt" },
    h("div", { class: "kn-head" }, h("h3", {}, "In this prompt"), this.#choice, this.#product.sql),
    this.#reads.node,
    this.#product.node,
  );

  constructor() {
    this.#follow();
    on("contributions", () => this.#reads.show());
    on("tab", () => this.#reads.show());
    on("head", () => this.#follow());
    on("colours", () => this.#product.show());
  }

  /** Show what the address says. */
  #follow() {
    const head = readHead(store.state.head ?? "") ?? null;
    this.#product.follow(head === "mean" ? null : head);
    this.#choose(head === null ? "reads" : "product");
  }

  /** @param {View} view */
  #choose(view) {
    this.#choice.set(view);
    this.#reads.node.hidden = view !== "reads";
    this.#product.node.hidden = view !== "product";
    if (view === "product") this.#product.load(); // it isn't while it is hidden
    this.show();
  }

  /** Another neuron or prompt is on screen. */
  load() {
    if (!this.#product.node.hidden) this.#product.load();
    this.#reads.show();
  }

  /** Another token, or more of what is shown. */
  show() {
    this.#reads.show();
    this.#product.show();
  }
}
