// @ts-check
// What a neuron reads, drawn: tokens coloured by what comes from each, the largest ways in words, all
// heads on request, and the later heads that read the neuron.

import { logits } from "../page/contributions.js";
import { bdi, faint, fill, h, message, toggle } from "../page/dom.js";
import { number, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { headSums, largestWays, total } from "../page/reads.js";
import { store } from "../page/store.js";
import { markToken, shadeTokens, tokenProse } from "../page/tokens.js";
import { Reads } from "./reads.js";

/** @typedef {import("../page/reads.js").Part} Part */
/** @typedef {import("../page/reads.js").ReadsAnswer} ReadsAnswer */

const WAYS = 3; // told in words
const PARALLEL =
  "Attention and MLP of this layer read the same input: no attention of this layer is read.";

export class ReadsView {
  /** @type {Part["name"]} */
  #part = "gate";
  #isOpen = false; // all heads
  /** @type {{ answer: ReadsAnswer | null, part: string }} what is drawn */
  #drawn = { answer: null, part: "" };
  #reads = new Reads(
    () => this.show(),
    () => this.node.isConnected && !this.node.hidden && this.node.clientWidth > 0,
  );
  node = h("div", { class: "kn-reads" });

  show() {
    const { prompt } = store;
    if (!prompt || this.node.hidden) return;
    const answer = this.#reads.answer();
    if (!answer) {
      this.#drawn = { answer: null, part: "" };
      const { words, isTrouble } = this.#reads;
      const { missing } = store.target; // the reason is told over the heatmap
      const none = "What it reads is computed by the model, which can’t be run here.";
      if (missing) fill(this.node, message(none));
      else fill(this.node, isTrouble ? message(words, "error") : faint(`What it reads: ${words}`));
      return;
    }
    if (answer === this.#drawn.answer && this.#part === this.#drawn.part) return;
    this.#drawn = { answer, part: this.#part };
    const part = answer.parts.find(({ name }) => name === this.#part) ?? answer.parts[0];
    fill(
      this.node,
      this.#choice(answer),
      this.#sum(part, answer),
      this.#prose(part),
      ways(part),
      answer.parallel && faint(PARALLEL),
      this.#heads(part),
      later(answer),
    );
  }

  /** @param {ReadsAnswer} answer */
  #choice({ parts }) {
    if (parts.length < 2) return null;
    const words = { gate: "gate", up: "up", input: "input" };
    const choices = parts.map(
      ({ name }) => /** @type {[Part["name"], string]} */ ([name, words[name]]),
    );
    const chosen = parts.some(({ name }) => name === this.#part) ? this.#part : parts[0].name;
    const node = toggle("Input of the gated neuron", choices, chosen, name => {
      this.#part = name;
      this.show();
    });
    node.title = "The activation is the gate’s nonlinearity times up";
    return node;
  }

  /**
   * @param {Part} part
   * @param {ReadsAnswer} answer
   */
  #sum({ name, value, own, biases, sources }, { activation }) {
    const title = "Norm’s scale and attention patterns held; computed in float32";
    const parts = [`own stream ${signed(own)}`, `attention ${signed(total(sources))}`];
    if (biases) parts.push(`biases ${signed(biases)}`);
    return h(
      "p",
      { class: "kn-faint kn-sum", title },
      h("b", {}, `${name === "input" ? "input" : name} ${signed(value)}`),
      ` = ${parts.join(" ")} · activation ${number(activation)}`,
    );
  }

  /** @param {Part} part */
  #prose({ sources }) {
    const { tokens, sinks } = /** @type {import("../page/prompt.js").Prompt} */ (store.prompt);
    const ordinary = sources.filter((_, i) => !sinks.includes(i));
    const scale = Math.max(1e-9, ...(ordinary.length ? ordinary : sources).map(Math.abs));
    const title = (/** @type {number} */ i) =>
      i < sources.length
        ? `${signed(sources[i])} through attention from here`
        : "comes later: not read";
    const prose = tokenProse(tokens.slice(0, sources.length), {
      title,
      onpick: token => go({ token }),
    });
    shadeTokens(prose, sources, scale);
    markToken(prose, sources.length - 1);
    return h("div", { class: "kn-weighted", title: `full colour: ${number(scale)}` }, prose);
  }

  /** @param {Part} part */
  #heads(part) {
    if (!part.heads.length) return null;
    const row = (/** @type {ReturnType<typeof headSums>[number]} */ { head, sum, source, value }) =>
      h(
        "tr",
        {},
        h("td", {}, `${store.state.layer}.${head}`),
        h("td", { class: "kn-num" }, signed(sum)),
        h("td", {}, "most from ", bdi(wordAt(source)), ` ${signed(value)}`),
      );
    const ontoggle = (/** @type {Event} */ event) => {
      this.#isOpen = /** @type {HTMLDetailsElement} */ (event.target).open;
    };
    return h(
      "details",
      { open: this.#isOpen, ontoggle },
      h("summary", {}, "all heads of this layer"),
      h("table", { class: "kn-head-sums" }, ...headSums(part).map(row)),
    );
  }
}

/** @param {number} value */
const signed = value => `${value < 0 ? "−" : "+"}${number(Math.abs(value))}`;

/** @param {number} position */
const wordAt = position => `“${quoted(store.prompt?.tokens[position] ?? "")}”`;

/** @param {Part} part */
const ways = part => {
  const { layer } = store.state;
  const told = largestWays(part, WAYS).flatMap(({ head, source, value }) => [
    `${signed(value)} through head ${layer}.${head} from `,
    bdi(wordAt(source)),
    " · ",
  ]);
  return h("p", { class: "kn-ways" }, ...told, `${signed(part.own)} own stream`);
};

/** @param {ReadsAnswer} answer */
const later = ({ later: heads }) => {
  const title =
    "Later heads that carry this neuron’s output furthest toward the target, through their value and output matrices, patterns and scales held";
  const chips = heads.map(({ layer, head, position, contribution }) =>
    h(
      "button",
      {
        type: "button",
        class: "kn-chip",
        title: `Go to token ${position + 1}`,
        onclick: () => go({ token: position }),
      },
      `${layer}.${head} at `,
      bdi(wordAt(position)),
      ` ${logits(contribution)}`,
    ),
  );
  return h(
    "div",
    { class: "kn-later" },
    h("h4", { title }, "Which later heads read it"),
    ...(chips.length ? chips : [faint("none: this is the last layer’s, or no head carries it")]),
  );
};
