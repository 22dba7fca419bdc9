// @ts-check
// The one box of the frame: whatever is typed opens a sheet with what is known about it.

import { askOnceShown } from "./ask_once.js";
import { fill, h, message } from "./dom.js";
import { go } from "./navigate.js";
import { recentAsks, rememberAsk } from "./recent.js";
import { openSql } from "./sql.js";
import { ask, remembered } from "./server.js";
import { on, store } from "./store.js";
import { sheetParts } from "./ask_sheet.js";
import { Turns } from "./timing.js";

/** @typedef {import("./ask_sheet.js").Told} Told */

const HINT =
  "A fact (“Toulouse is in France”), a city, a country, a neuron (17/498), a token in quotes " +
  "(“ France”) or any sentence. Enter asks.";

export class AskBox {
  #turns = new Turns();
  #isBack = false; // whether the focus comes back from the closed sheet, which stays closed
  box = h("input", {
    type: "search",
    class: "kn-search kn-ask-box",
    placeholder: "Ask: Toulouse is in France",
    "aria-label": "Ask: a fact, a city, a country, a neuron, a token or a sentence",
    "aria-keyshortcuts": "/",
    autocomplete: "off",
    spellcheck: "false",
    title: `${HINT} The key / comes here.`,
  });
  #said = h("p", { class: "kn-count", role: "status" });
  #parts = h("div", {});
  #close = h(
    "button",
    { type: "button", class: "kn-ask-close", "aria-label": "Close", onclick: () => this.close() },
    "×",
  );
  sheet = h(
    "section",
    { class: "kn-ask-sheet", "data-kn": "ask", "aria-label": "What is known", hidden: true },
    h("div", { class: "kn-head" }, this.#said, this.#close),
    this.#parts,
  );
  node = h("form", { class: "kn-ask-form-frame", role: "search" }, this.box);

  constructor() {
    this.node.addEventListener("submit", event => {
      event.preventDefault();
      this.#submit(this.box.value);
    });
    this.box.addEventListener("focus", () => {
      if (this.#isBack || !this.sheet.hidden || this.box.value.trim()) return;
      this.#showRecent();
    });
    for (const part of [this.box, this.sheet]) {
      part.addEventListener("keydown", event => this.#key(event));
    }
    document.addEventListener("pointerdown", event => {
      const { target } = event;
      const inside =
        target instanceof Node && [this.node, this.sheet].some(n => n.contains(target));
      if (!inside) this.close();
    });
    on("ask", text => this.#show(text));
    on("model", () => this.#show(store.state.ask));
    document.body.append(this.sheet);
  }

  /** Close the sheet; what was asked stays in the box. */
  close() {
    this.#turns.drop();
    this.sheet.hidden = true;
    if (store.state.ask) go({ ask: "" });
  }

  /** @param {string} text as typed: a space before a word makes it a token */
  #submit(text) {
    if (!text.trim()) {
      this.#showRecent();
      return;
    }
    if (text === store.state.ask) this.#show(text);
    else go({ ask: text });
  }

  /** @param {string} text */
  async #show(text) {
    const isLast = this.#turns.begin();
    const { model } = store.state;
    if (!text || !model) {
      this.sheet.hidden = true;
      return;
    }
    this.box.value = text;
    rememberAsk(text);
    this.#open("looking …");
    try {
      const [told, run] = await Promise.all([
        remembered("ask_sheet", { model, text }),
        ask("can_run", { model }),
      ]);
      if (!isLast()) return;
      this.#fill(told, run.missing);
    } catch (error) {
      if (!isLast()) return;
      this.#open("", message(/** @type {Error} */ (error).message, "error"));
    }
  }

  /**
   * @param {Told} told
   * @param {string | null} missing why the model can't be run here
   */
  #fill({ readings }, missing) {
    const n = readings.length;
    const words = n > 1 ? `${n} readings, best first` : "";
    this.#open(
      words || "What is known",
      ...sheetParts(readings, missing, (change, asks) => this.#go(change, asks)),
    );
  }

  #showRecent() {
    this.#turns.drop(); // what is still looked for isn't wanted any more
    /** @param {string} text */
    const repeat = text => {
      this.box.value = text; // before the focus, which lists these where the box is empty
      this.box.focus();
      this.#submit(text);
    };
    const again = (/** @type {string} */ text) =>
      h(
        "li",
        {},
        h("button", { type: "button", class: "kn-link", onclick: () => repeat(text) }, text),
      );
    const asked = recentAsks();
    const list = asked.length > 0 && h("ul", { "aria-label": "Asked before" }, ...asked.map(again));
    this.#open(asked.length ? "Asked before" : "Ask", list, h("p", { class: "kn-faint" }, HINT));
  }

  /**
   * @param {string} said
   * @param {import("./dom.js").Child[]} parts
   */
  #open(said, ...parts) {
    this.#said.textContent = said;
    fill(this.#parts, ...parts);
    this.sheet.hidden = false;
    const { bottom } = this.box.getBoundingClientRect();
    this.sheet.style.top = `${bottom + scrollY + 4}px`;
    this.sheet.style.maxHeight = `${Math.max(240, innerHeight - bottom - 14)}px`;
  }

  /**
   * @param {Partial<import("./types.d.ts").State>} change
   * @param {boolean} [asks] the model the fact that is opened, through training where there is one
   */
  #go(change, asks = false) {
    this.sheet.hidden = !change.ask;
    const other = { ask: "", ...change };
    if (asks && store.steps.length > 1) other.tab = "training";
    if (asks) askOnceShown(Number(change.fact));
    if (change.query) openSql(change.query, other);
    else go(other);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") {
      this.close();
      this.#isBack = true;
      this.box.focus();
      this.#isBack = false;
      event.preventDefault();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || this.sheet.hidden) return;
    /** @type {HTMLElement[]} */
    const stops = [this.box, ...this.sheet.querySelectorAll("li > :is(a, button)")].map(
      stop => /** @type {HTMLElement} */ (stop),
    );
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    stops[Math.max(0, Math.min(stops.length - 1, at + step))].focus();
    event.preventDefault();
  }
}
