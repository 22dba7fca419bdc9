// @ts-check
// The prompt's text: its tokens, shaded by how unexpected each is, the current one underlined.

import { fill, h } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { markToken, tokenProse } from "../page/tokens.js";

const LEAST = -10; // natural log of the probability that is full colour: 1 in 22,000

/**
 * The log-probability of each token after those before it; null where it isn't known: of the first,
 * which has none before it, and where there is neither a lens nor contributions.
 *
 * @param {import("../page/prompt.js").Prompt} prompt
 * @param {import("../page/contributions.js").Contributions | null} data
 * @returns {(number | null)[]} natural logs
 */
export const expectations = ({ tokens, lens, nLayers }, data) =>
  tokens.map((_, i) => {
    if (!i) return null;
    if (data) return data.logProbability[i - 1];
    const p = lens?.(i - 1, nLayers - 1).nextProbability;
    return p === undefined ? null : Math.log(Math.max(p, 1e-30));
  });

/** @param {number} logProbability */
export const surprise = logProbability => Math.min(1, Math.max(0, logProbability / LEAST));

export class Prose {
  /** @type {HTMLElement | null} */
  #prose = null;
  #isShaded = true;
  /** @type {(number | null)[]} */
  #expected = [];
  node = h("div", { class: "kn-text", role: "group", "aria-label": "The prompt's tokens" });
  choice = h(
    "button",
    {
      type: "button",
      class: "kn-chip kn-choice",
      "aria-pressed": "true",
      title: "Shade each token by its probability after those before it",
      onclick: () => {
        this.#isShaded = !this.#isShaded;
        this.shade();
      },
    },
    h("i", { class: "kn-surprise-ramp", "aria-hidden": "true" }),
    "unexpected",
  );

  /** Another prompt is here. */
  show() {
    const { prompt } = store;
    if (!prompt) return;
    const sinks = new Set(prompt.sinks);
    /** @param {number} i */
    const title = i => {
      const p = this.#expected[i];
      const known = p === null || p === undefined ? "" : ` · probability ${chance(p)} here`;
      const sink = sinks.has(i) ? ": an attention sink, left out of statistics" : "";
      return `token ${i + 1} of ${prompt.tokens.length}${known}${sink}`;
    };
    this.#prose = tokenProse(prompt.tokens, { title, onpick: token => go({ token }) });
    fill(this.node, this.#prose);
    this.shade();
  }

  /** Log-probabilities are here, or another choice. */
  shade() {
    const { prompt, target } = store;
    if (!prompt || !this.#prose) return;
    this.#expected = expectations(prompt, target.data);
    const isKnown = this.#expected.some(p => p !== null);
    this.choice.hidden = !isKnown;
    this.choice.setAttribute("aria-pressed", String(this.#isShaded));
    [...this.#prose.children].forEach((span, i) => {
      const p = this.#expected[i];
      const share = this.#isShaded && p !== null ? surprise(p) : 0;
      span.classList.toggle("kn-surprise", share > 0);
      /** @type {HTMLElement} */ (span).style.setProperty("--w", share.toFixed(3));
    });
  }

  /** @param {number} token */
  mark(token) {
    if (!this.#prose) return;
    markToken(this.#prose, token);
  }

  /**
   * Scroll to a token of a long text.
   *
   * @param {number} token
   */
  reveal(token) {
    if (!this.#prose) return;
    const span = /** @type {HTMLElement | undefined} */ (this.#prose.children[token]);
    const { node } = this;
    if (!span || node.scrollHeight <= node.clientHeight) return;
    const y = span.offsetTop - node.offsetTop;
    const isSeen =
      y >= node.scrollTop && y + span.offsetHeight <= node.scrollTop + node.clientHeight;
    if (!isSeen) node.scrollTop = y - node.clientHeight / 2;
  }
}

/** @param {number} logProbability */
const chance = logProbability => {
  const p = Math.exp(logProbability);
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3);
};
