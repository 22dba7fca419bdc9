// @ts-check
// The pane of a neuron: what it is, the prompts that fire it, and what it does in the prompt on
// screen.

import { logits } from "../page/contributions.js";
import { fill, h, message } from "../page/dom.js";
import { quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { setWaiting } from "../page/waiting.js";
import { neuronCard } from "./card.js";
import { examples, exampleScale } from "./examples.js";
import { Lower } from "./lower.js";

class NeuronPane {
  #isSeen = false; // looking at its size at each neuron would cost a layout
  #isScrolled = false;
  #stale = false; // the pane of a tab that isn't on screen is filled when it comes on
  #title = h("h2", {}, "Neuron");
  #badge = h("span", { class: "kn-badge", hidden: true });
  #whole;
  #trouble = h("div", {}, message("Select a neuron to see its top activating prompts."));
  #body = h("div", { class: "kn-body" });
  #card = h("div", { class: "kn-card" });
  #top = h("div", { class: "kn-examples" });
  #sample = h("div", { class: "kn-examples" });
  #upper = h(
    "div",
    {
      class: "kn-upper",
      tabindex: "0",
      role: "region",
      "aria-label": "Prompts of this neuron",
    },
    this.#card,
    h(
      "div",
      { class: "kn-two" },
      h("section", {}, h("h3", {}, "Top activating prompts"), this.#top),
      h("section", {}, sampleTitle(), this.#sample),
    ),
  );

  /**
   * @param {HTMLElement} pane
   * @param {Lower | null} lower
   */
  constructor(pane, lower) {
    this.pane = pane;
    this.lower = lower;
    const query = () => {
      const { layer, neuron } = store.state;
      return `FROM neuron_examples(${modelLiteral()}, ${layer}, ${neuron}, 10, 6)\nORDER BY rank`;
    };
    const whole = {
      type: "button",
      class: "kn-link",
      hidden: true,
      onclick: () => go({ whole: "neuron" }),
    };
    this.#whole = h("button", whole, "whole page of this neuron");
    const sql = sqlButton(query);
    const head = h("div", { class: "kn-head" }, this.#title, this.#badge, this.#whole, sql);
    pane.append(head, this.#trouble, this.#body);
    this.#listen();
  }

  #listen() {
    const wait = () => setWaiting(this.pane, true);
    on("prompt-asked", wait);
    on("neuron-asked", () => {
      this.#name();
      wait();
    });
    on("neuron", () => this.#show());
    on("token", () => {
      if (this.#stale) return;
      this.#showBadge();
      this.lower?.show();
    });
    on("contributions", () => this.#showBadge());
    on("neuron-none", () => {
      this.#name();
      this.#clear();
    });
    on("neuron-failed", words => this.#clear(words));
    new ResizeObserver(([{ contentRect }]) => {
      this.#isSeen = contentRect.width > 0;
      if (this.#stale) this.#show();
    }).observe(this.pane);
    this.#upper.addEventListener("scroll", () => {
      this.#isScrolled = this.#upper.scrollTop > 0;
    });
    if (store.neuron) this.#show();
  }

  #name() {
    const { layer, neuron } = store.state;
    this.#title.textContent = layer === null ? "Neuron" : `Layer ${layer} · neuron ${neuron}`;
    this.#whole.hidden = layer === null;
    this.#showBadge();
  }

  /** What the neuron adds to the target's logit at the token on screen. */
  #showBadge() {
    const { prompt, target } = store;
    const { layer, neuron, token } = store.state;
    const { data } = target;
    const at = token ?? 0;
    const cells = layer === null ? [] : (prompt?.fired(at, layer) ?? []);
    const fired = cells.find(cell => cell.neuron === neuron);
    const word = data?.words[at] ?? null;
    this.#badge.hidden = !this.lower || !data || !fired || word === null;
    if (!data || !fired || word === null) return;
    const value = data.fired[fired.i];
    const other = data.against?.[at];
    this.#badge.textContent = `${logits(value)} here`;
    this.#badge.classList.toggle("kn-below", value < 0);
    this.#badge.title =
      `Its direct contribution to the logit of “${quoted(word)}”` +
      `${other ? ` minus that of “${quoted(other)}”` : ""}: value vector times activation, ` +
      "through the final norm with its scale held, in float32";
  }

  /** @param {string} [words] why there is no neuron */
  #clear(words) {
    setWaiting(this.pane, false);
    this.#stale = false;
    fill(this.#body);
    fill(this.#trouble, words && message(words, "error"));
  }

  #show() {
    const { neuron } = store;
    setWaiting(this.pane, false);
    this.#stale = !this.#isSeen;
    if (this.#stale || !neuron) return;
    this.#name();
    fill(this.#trouble);
    fill(this.#body, this.#upper, this.lower?.node);
    fill(this.#card, neuronCard(neuron));
    const { top, sample, missing } = neuron;
    const scale = exampleScale(top);
    fill(this.#top, examples(top, scale, missing.top ?? "It fired in no prompt."));
    fill(this.#sample, examples(sample, scale, missing.sample ?? "It fired in no other prompt."));
    this.lower?.load();
    if (this.#isScrolled) this.#upper.scrollTop = 0;
  }
}

const sampleTitle = () => {
  const title = "The top alone mislead: a random sample of the other prompts in which it fired";
  return h("h3", { title }, "A random sample of the rest");
};

/**
 * @param {HTMLElement} pane
 * @param {{ withPrompt: boolean }} options whether it shows the prompt on screen too
 */
export const mountNeuron = (pane, { withPrompt }) => {
  new NeuronPane(pane, withPrompt ? new Lower() : null);
};
