// @ts-check
// The slider that moves the token, and what it stands on in words.

import { logits } from "../page/contributions.js";
import { fill, h } from "../page/dom.js";
import { number } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { tokenName } from "../page/tokens.js";

const SINK = "Its outsized values are left out of statistics";

export class TokenSlider {
  #input = h("input", { type: "range", min: "0", step: "1", value: "0", "aria-label": "Token" });
  place = h("output", { class: "kn-place" });
  node = h(
    "div",
    { class: "kn-slider" },
    moveButton("‹", "Previous token", -1),
    this.#input,
    moveButton("›", "Next token", 1),
  );

  constructor() {
    this.#input.addEventListener("input", () => go({ token: Number(this.#input.value) }));
  }

  /** @param {string[]} tokens */
  begin(tokens) {
    this.#input.max = String(Math.max(0, tokens.length - 1));
    this.#input.disabled = tokens.length < 2;
  }

  /**
   * @param {string[]} tokens
   * @param {number} token
   * @param {boolean} isSink whether it is an attention sink
   */
  show(tokens, token, isSink) {
    const last = tokens.length - 1;
    const [here, next] = [tokens[token] ?? "", tokens[token + 1]];
    this.#input.value = String(token);
    this.#input.style.setProperty("--at", String(last > 0 ? token / last : 0));
    this.#input.setAttribute("aria-valuetext", `token ${token + 1} of ${tokens.length}: ${here}`);
    fill(
      this.place,
      `token ${token + 1} of ${tokens.length}: `,
      h("b", {}, tokenName(here)),
      next === undefined ? " · the prompt ends here" : " · then ",
      next !== undefined && tokenName(next),
      isSink && h("span", { title: SINK }, " · an attention sink"),
    );
  }
}

/**
 * @param {string} words
 * @param {string} label
 * @param {number} by
 */
const moveButton = (words, label, by) => {
  const move = () => {
    const last = (store.prompt?.tokens.length ?? 1) - 1;
    go({ token: Math.max(0, Math.min(last, (store.state.token ?? 0) + by)) });
  };
  return h("button", { type: "button", "aria-label": label, onclick: move }, words);
};

/**
 * The neuron on screen at the token on screen, in words.
 *
 * @param {import("../page/prompt.js").Prompt | null} prompt
 * @param {import("../page/contributions.js").Contributions | null} data
 */
export const seenWords = (prompt, data) => {
  const { layer, neuron, token } = store.state;
  if (layer === null || !prompt) return "";
  const fired = prompt.fired(token ?? 0, layer).find(cell => cell.neuron === neuron);
  const name = `Layer ${layer} · neuron ${neuron}`;
  if (!fired) return `${name} did not fire at this token`;
  const value = data ? `, ${logits(data.fired[fired.i])}` : "";
  return `${name} fired here: ${number(fired.activation)}${value}`;
};
