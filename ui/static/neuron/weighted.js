// @ts-check
// The prompt on screen with a neuron's activations times self-attention: a correlation. A layer's
// attention reads the stream before its MLP, so it never reads these activations.

import { COLOURS, readColours } from "../page/attention_text.js";
import { fill, h, message, toggle } from "../page/dom.js";
import { number } from "../page/format.js";
import { go } from "../page/navigate.js";
import { weigh } from "../page/neuron.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { markToken, shadeTokens, tokenProse } from "../page/tokens.js";
import { HeadChoice } from "./heads.js";

/** @typedef {import("../page/neuron.js").Weighted} Weighted */
/** @typedef {import("../page/neuron.js").Neuron} Neuron */

const AFTER = "after the current position: not attended to";
const FORMULA = "weight(source) = attention(layer, current position → source) * activation(source)";

/**
 * @param {(number | null)[]} values
 * @param {number[]} sinks
 */
const fullColour = (values, sinks) => {
  // Attention sinks have outsized activations: left in, they would pale the rest.
  const sizes = values.map(x => Math.abs(x ?? 0));
  const others = sizes.filter((_, i) => !sinks.includes(i));
  return Math.max(0, ...others) || Math.max(0, ...sizes);
};

export class WeightedPrompt {
  /** @type {Weighted | null} what the colours show: of the mean or of a head */
  #shown = null;
  /** @type {{ neuron: Neuron, attention: object, weighted: Weighted } | null} of the chosen head */
  #ofHead = null;
  /** @type {{ tokens: string[], node: HTMLElement } | null} */
  #prose = null;
  #heads = new HeadChoice(() => this.show());
  #body = h("div", { class: "kn-weighted" });
  #sentence = h("p", { class: "kn-sentence" });
  sql = sqlButton(() => {
    const { prompt, layer, neuron } = store.state;
    const of = `${modelLiteral()}, ${prompt}, ${layer}, ${neuron}`;
    return `FROM attention_weighted(${of})\nORDER BY position, source_position`;
  });

  #readings = toggle("Colours", COLOURS, "current", value =>
    go({ colours: value === "current" ? "" : value }),
  );

  constructor() {
    this.node = h(
      "div",
      {},
      h("p", { class: "kn-faint" }, "attention × activations (a correlation, not a mechanism)"),
      h(
        "div",
        { class: "kn-tools" },
        this.#readings,
        this.#heads.node,
        this.#heads.cancel,
        this.#heads.note,
      ),
      this.#body,
      this.#sentence,
    );
  }

  get #reading() {
    return readColours(store.state.colours ?? "") ?? "current";
  }

  /** @param {number | null} head that is chosen from now on; null: the mean over them */
  follow(head) {
    this.#heads.chosen = head;
  }

  /** Another neuron or prompt is on screen. */
  load() {
    this.#heads.list();
    this.#heads.load();
  }

  show() {
    const { neuron, prompt } = store;
    this.sql.hidden = true;
    this.#readings.set(this.#reading);
    if (!neuron || !prompt || !this.node.isConnected || this.node.hidden) return;
    const isMean = this.#heads.chosen === null;
    this.sql.hidden = Boolean(prompt.prompt.live) || !isMean; // no row of a table holds it
    this.#heads.show(Boolean(neuron.attention));
    this.#shown = isMean ? (neuron.weighted ?? null) : this.#weightedByHead(neuron);
    if (!this.#shown) {
      fill(this.#sentence);
      fill(this.#body, message(this.#nothing(neuron)));
      return;
    }
    const token = store.state.token ?? 0;
    const values = this.#values(this.#shown, token);
    const scale = fullColour(values, prompt.sinks);
    const prose = this.#proseOf(prompt.tokens);
    shadeTokens(prose, values, scale);
    markToken(prose, token);
    this.#explain(this.#shown, scale);
  }

  /**
   * @param {Weighted} weighted
   * @param {number} token
   */
  #values({ sum, at, attention, activations }, token) {
    if (this.#reading === "sum") return sum;
    if (this.#reading === "current") return at(token);
    return activations.map((_, source) => (source > token ? null : attention(token, source)));
  }

  /** @param {Neuron} neuron */
  #nothing(neuron) {
    if (!neuron.attention) return neuron.missing.attention ?? "no attention in this atlas yet";
    const answer = this.#heads.answer();
    const of = `head ${this.#heads.chosen} of layer ${store.state.layer}`;
    return answer?.trouble ?? `Running ${of}: ${answer?.words ?? ""}`;
  }

  /** @param {Neuron} neuron */
  #weightedByHead(neuron) {
    const attention = this.#heads.answer()?.attention;
    if (!neuron.attention || !attention) return null;
    if (this.#ofHead?.neuron !== neuron || this.#ofHead.attention !== attention) {
      const weighted = weigh({ ...neuron.attention, ...attention });
      this.#ofHead = { neuron, attention, weighted };
    }
    return this.#ofHead.weighted;
  }

  /** @param {string[]} tokens */
  #proseOf(tokens) {
    if (!this.#prose || this.#prose.tokens !== tokens) {
      const title = (/** @type {number} */ i) => this.#words(i);
      const node = tokenProse(tokens, { title, onpick: i => go({ token: i }) });
      this.#prose = { tokens, node };
    }
    const { node } = this.#prose;
    if (!node.isConnected) fill(this.#body, node);
    return node;
  }

  /** @param {number} source */
  #words(source) {
    const token = store.state.token ?? 0;
    if (!this.#shown) return "";
    if (this.#reading === "attention") {
      return source > token ? AFTER : `${number(this.#shown.attention(token, source))} attention`;
    }
    if (this.#shown.activations[source] === null) return "did not fire here";
    const { at, sum, attention, activations } = this.#shown;
    if (this.#reading === "sum") return `sum ${number(sum[source])}`;
    if (source > token) return AFTER;
    const factors = `${number(attention(token, source))} attention × ${number(activations[source])}`;
    return `${factors} activation = ${number(at(token)[source])}`;
  }

  /**
   * @param {Weighted} weighted
   * @param {number} scale
   */
  #explain({ activations }, scale) {
    const { layer, neuron, token } = store.state;
    const { chosen } = this.#heads;
    const nowhere = activations.every(a => a === null);
    const colour =
      (nowhere && this.#reading !== "attention") || !scale
        ? ""
        : `Full colour is ${number(scale)}, the largest here, attention sinks aside. `;
    fill(
      this.#sentence,
      h("code", {}, this.#reading === "attention" ? "attention" : FORMULA),
      this.#reading === "sum"
        ? ", summed over all positions as the current one"
        : `, current position ${token}`,
      chosen === null
        ? `; attention is layer ${layer}'s, mean over its heads. `
        : `; attention is that of head ${chosen} of layer ${layer} alone, run live. `,
      colour,
      nowhere && this.#reading !== "attention"
        ? `Neuron ${neuron} did not fire in this prompt.`
        : "",
    );
  }
}
