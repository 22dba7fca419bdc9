// @ts-check
// The pane of the prompt that was chosen on the map: its tokens, and its most unusual neurons.

import { bdi, faint, fill, h, message } from "../page/dom.js";
import { listedWords, number, quoted, shown } from "../page/format.js";
import { go, openPrompt } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { Turns } from "../page/timing.js";

/** @typedef {{ layer: number, neuron: number, peak: number, peak_position: number, token: string, z: number | null }} Row */

export class PromptPane {
  #turns = new Turns();
  #title = h("h2", {}, "Prompt");
  #body = h("div", { class: "kn-body kn-scroll", tabindex: "0", role: "region" });

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    pane.hidden = true;
    this.#body.setAttribute("aria-label", "Tokens and neurons of this prompt");
    const query = sqlButton(
      () => `FROM prompt_neurons(${modelLiteral()}, ${store.state.prompt}, 40)`,
    );
    const onclick = () => openPrompt(store.state.prompt, store.state.token);
    const open = h("button", { type: "button", class: "kn-sql", onclick }, "open in Explore");
    pane.append(h("div", { class: "kn-head" }, this.#title, open, query), this.#body);
    for (const event of ["prompt", "prompt-failed"]) on(event, () => this.show());
  }

  async show() {
    if (this.pane.hidden || store.state.tab !== "map") return;
    const isLast = this.#turns.begin();
    const { model, prompt } = store.state;
    const held = store.prompt;
    if (prompt === null || held?.prompt.prompt_id !== prompt) {
      this.#title.textContent = "Prompt";
      fill(this.#body, message("Choose a prompt on the map to see its tokens and its neurons."));
      return;
    }
    const { name, country } = held.prompt;
    this.#title.textContent = [name ?? `Prompt ${prompt}`, country].filter(Boolean).join(", ");
    const text = h("p", { class: "kn-mtext" }, ...held.tokens.map(token));
    fill(this.#body, text, message("looking up its neurons …"));
    try {
      /** @type {{ n: number, rows: Row[] }} */
      const { n, rows } = await remembered("map_prompt", { model, prompt });
      if (!isLast()) return;
      const words = `${listedWords(n, rows.length, "neuron")} that fired, the most unusual first`;
      fill(this.#body, text, h("h3", {}, "Its neurons"), faint(words), neurons(rows));
    } catch (error) {
      if (isLast()) fill(this.#body, text, message(/** @type {Error} */ (error).message, "error"));
    }
  }
}

/**
 * A token as a button; spaces before it stand outside, so that no line begins with one.
 *
 * @param {string} text
 * @param {number} i
 */
const token = (text, i) => {
  const title = `token ${i}: ${quoted(text)}`;
  const onclick = () => openPrompt(store.state.prompt, i);
  const words = text.trimStart() || text;
  const lead = text.slice(0, text.length - words.length);
  const button = h("button", { type: "button", class: "kn-mtoken", title, onclick }, shown(words));
  return h("bdi", {}, lead, button);
};

/** @param {Row[]} rows */
const neurons = rows =>
  h(
    "ol",
    { class: "kn-members" },
    ...rows.map(({ layer, neuron, peak, peak_position: position, token: at, z }) => {
      const onclick = () => go({ tab: "explore", layer, neuron, token: position });
      const far = z === null ? "" : `, ${number(Math.abs(z))} standard deviations from its mean`;
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", title: `${number(peak)}${far}`, onclick },
          h("b", {}, `${layer}/${neuron}`),
          ` ${number(peak)}`,
          faint(" at ", bdi(quoted(at))),
        ),
      );
    }),
  );
