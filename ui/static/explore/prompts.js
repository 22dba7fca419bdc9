// @ts-check
// Left pane: search as one types; the neurons that mark what was named, and the prompts found.

import { fill, h, message } from "../page/dom.js";
import { listedWords } from "../page/format.js";
import { Listbox } from "../page/listbox.js";
import { go } from "../page/navigate.js";
import { ask } from "../page/server.js";
import { literal, modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { debounce, Turns } from "../page/timing.js";
import { conceptGroup, noSuchNeuron, numberedOption } from "./concepts.js";
import { promptOption } from "./prompt_option.js";

/** @typedef {import("./concepts.js").Concept} Concept */
/** @typedef {import("./concepts.js").Numbered} Numbered */
/** @typedef {import("./prompt_option.js").PromptRow} PromptRow */

const PAGE = 100;
const TYPING_MS = 40;
const WIDE_PAGE = 1100; // pixels from which panes are side by side
const SHORTEST_NAME = 2; // characters that may name a concept
const FIRST = ".kn-numbered, [data-prompt]"; // what Enter picks

export class PromptList {
  /** @type {PromptRow[]} */
  #rows = [];
  /** @type {Concept[]} what the text names */
  #concepts = [];
  /** @type {Numbered | null} the neuron that it names by its number */
  #neuron = null;
  #total = 0;
  /** @type {string | null} */
  #missing = null;
  #stale = false;
  #turns = new Turns();
  #box = h("input", {
    type: "search",
    class: "kn-search",
    placeholder: "City, country or word",
    autocomplete: "off",
    spellcheck: "false",
    role: "combobox",
    "aria-label": "Search cities and prompts",
    "aria-controls": "kn-list",
    "aria-expanded": "true",
    "aria-autocomplete": "list",
  });
  #count = h("span", { class: "kn-count kn-found", role: "status" });
  #note = h("div", { class: "kn-none", role: "status" });
  #list = h("ul", {
    class: "kn-list",
    id: "kn-list",
    role: "listbox",
    "aria-label": "Prompts",
    tabindex: "0",
  });
  #more = h(
    "button",
    {
      type: "button",
      class: "kn-more",
      hidden: true,
      onclick: () => this.#search(this.#rows.length),
    },
    "show more",
  );
  #options = new Listbox(this.#box, this.#list, node => this.#pick(node), FIRST);

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    const head = h(
      "div",
      { class: "kn-head" },
      h("h2", {}, "Prompts"),
      sqlButton(() => this.#query()),
    );
    pane.append(head, this.#box, this.#count, this.#note, this.#list, this.#more);
    const later = debounce(TYPING_MS, () => this.#search(0));
    this.#box.addEventListener("input", () => later());
    on("prompt-asked", () => this.#select());
    on("neuron-asked", () => this.#select());
    on("model", () => this.#follow());
    on("tables", () => {
      if (this.#missing) this.#follow();
    });
    new ResizeObserver(() => {
      if (this.#stale) this.#follow();
    }).observe(pane);
    if (store.state.model) this.#follow();
  }

  #text() {
    return this.#box.value.trim();
  }

  #query() {
    if (!this.#text()) return `FROM atlas_prompts(${modelLiteral()})\nORDER BY population DESC`;
    const call = `search_prompts(${modelLiteral()}, ${literal(this.#text())})`;
    return `SELECT prompt_id, name, country, population, text\nFROM ${call}`;
  }

  /** What nobody sees isn't asked for: the step of training moves many times on another tab. */
  #follow() {
    this.#stale = store.state.tab !== "explore"; // its width would cost a layout
    if (!this.#stale) {
      this.#search(0);
      return;
    }
    this.#turns.drop(); // what is still to come is of another model
    this.#rows = [];
    this.#count.textContent = "";
    fill(this.#list);
  }

  // -- asking ---------------------------------------------------------------------------------

  /** @param {number} from the first row that isn't listed yet */
  async #search(from) {
    const isLast = this.#turns.begin();
    const { model } = store.state;
    if (!model) return;
    if (!from) {
      this.#options.activate(null);
      this.#nameConcepts(model, isLast); // beside the prompts, so that neither waits for the other
    }
    const asked = { model, text: this.#box.value, offset: from, limit: PAGE };
    try {
      const { rows, total, missing } = await ask("search", asked);
      if (!isLast()) return;
      this.#rows = from ? this.#rows.concat(rows) : rows;
      this.#total = total;
      this.#missing = missing;
      this.#draw(from);
      this.#drawConcepts();
    } catch (error) {
      if (!isLast()) return;
      this.#more.hidden = true;
      this.#count.textContent = "";
      fill(this.#list);
      fill(this.#note, /** @type {Error} */ (error).message);
      this.#show(true);
    }
  }

  /**
   * @param {string} model
   * @param {() => boolean} isLast
   */
  async #nameConcepts(model, isLast) {
    /** @type {Concept[]} */
    let concepts = [];
    /** @type {Numbered | null} */
    let neuron = null;
    const text = this.#text();
    if (text.length >= SHORTEST_NAME) {
      try {
        ({ concepts, neuron } = await ask("concepts", { model, text }));
      } catch {
        // the prompts' own question, which was asked beside it, says what is wrong
      }
    }
    if (!isLast()) return;
    this.#concepts = concepts;
    this.#neuron = neuron;
    this.#drawConcepts();
  }

  // -- drawing --------------------------------------------------------------------------------

  /** @param {number} from */
  #draw(from) {
    const list = this.#list;
    if (!from) list.replaceChildren();
    const pick = (/** @type {HTMLElement} */ node) => this.#pick(node);
    const fresh = this.#rows.slice(from);
    list.append(...fresh.map((row, i) => promptOption(row, from + i, pick)));
    this.#more.hidden = this.#rows.length >= this.#total;
    this.#count.textContent = listedWords(this.#total, this.#rows.length, "prompt");
  }

  #drawConcepts() {
    for (const group of this.#list.querySelectorAll(".kn-concept, .kn-numbered")) group.remove();
    const pick = (/** @type {HTMLElement} */ node) => this.#pick(node);
    if (this.#neuron?.has) this.#list.prepend(numberedOption(this.#neuron, pick));
    this.#list.prepend(...this.#concepts.map((concept, i) => conceptGroup(concept, i, pick)));
    // What was drawn anew keeps the keyboard's place, where it is still there.
    const { active } = this.#options;
    if (active && !active.isConnected) {
      this.#options.activate(active.dataset.layer ? document.getElementById(active.id) : null);
    }
    this.#say();
  }

  /** Beside the list, as a list holds options alone: why there is nothing in it, or not all. */
  #say() {
    const isEmpty = !this.#list.children.length;
    const none =
      "No prompt of this atlas has all the words of " +
      `“${this.#text()}” in its city's names, country or text.`;
    const neuron = this.#neuron && !this.#neuron.has && noSuchNeuron(this.#neuron);
    fill(this.#note, this.#missing ? message(this.#missing) : neuron || (isEmpty && none));
    this.#show(isEmpty);
  }

  /** @param {boolean} isEmpty */
  #show(isEmpty) {
    this.#list.hidden = isEmpty;
    this.#box.setAttribute("aria-expanded", String(!isEmpty));
  }

  // -- choosing -------------------------------------------------------------------------------

  /** @param {HTMLElement} node */
  #pick(node) {
    this.#options.activate(node);
    const { prompt, layer, neuron } = node.dataset;
    if (prompt !== undefined) {
      go({ prompt: Number(prompt) });
      // On a small page the list is there while one searches: the prompt is next.
      if (window.innerWidth < WIDE_PAGE)
        /** @type {HTMLElement} */ (document.activeElement)?.blur();
    } else {
      go({ layer: Number(layer), neuron: Number(neuron) });
    }
  }

  #select() {
    const { state } = store;
    this.#options.select(({ dataset: { prompt, layer, neuron } }) => {
      if (prompt !== undefined) return Number(prompt) === state.prompt;
      return Number(layer) === state.layer && Number(neuron) === state.neuron;
    });
  }
}
