// @ts-check
// Left pane: search as one types; the neurons that mark what was named, and the prompts found.

import { bdi, fill, h, message } from "../page/dom.js";
import { compact, integer, listedWords } from "../page/format.js";
import { Listbox } from "../page/listbox.js";
import { go } from "../page/navigate.js";
import { ask } from "../page/server.js";
import { literal, modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { debounce, Turns } from "../page/timing.js";
import { conceptGroup } from "./concepts.js";

/** @typedef {import("./concepts.js").Concept} Concept */
/**
 * @typedef {object} PromptRow
 * @property {number} prompt_id
 * @property {string | null} name
 * @property {string | null} country
 * @property {number | null} population
 * @property {boolean | null} is_capital
 * @property {string} text
 */

const PAGE = 100;
const TYPING_MS = 40;
const WIDE_PAGE = 1100; // pixels from which panes are side by side
const SHORTEST_NAME = 2; // characters that may name a concept

export class PromptList {
  /** @type {PromptRow[]} */
  #rows = [];
  /** @type {Concept[]} what the text names */
  #concepts = [];
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
  #options = new Listbox(this.#box, this.#list, node => this.#pick(node), "[data-prompt]");

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    const head = h(
      "div",
      { class: "kn-head" },
      h("h2", {}, "Prompts"),
      sqlButton(() => this.#query()),
    );
    pane.append(head, this.#box, this.#count, this.#list, this.#more);
    const later = debounce(TYPING_MS, () => this.#search(0));
    this.#box.addEventListener("input", () => later());
    on("prompt-asked", () => this.#select());
    on("neuron-asked", () => this.#select());
    on("model", () => this.#follow());
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
    this.#stale = this.pane.clientWidth === 0;
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
      fill(this.#list, h("li", { class: "kn-none" }, /** @type {Error} */ (error).message));
    }
  }

  /**
   * @param {string} model
   * @param {() => boolean} isLast
   */
  async #nameConcepts(model, isLast) {
    /** @type {Concept[]} */
    let concepts = [];
    const text = this.#text();
    if (text.length >= SHORTEST_NAME) {
      try {
        concepts = (await ask("concepts", { model, text })).concepts;
      } catch {
        // the prompts' own question, which was asked beside it, says what is wrong
      }
    }
    if (!isLast()) return;
    this.#concepts = concepts;
    this.#drawConcepts();
  }

  // -- drawing --------------------------------------------------------------------------------

  /** @param {number} from */
  #draw(from) {
    const list = this.#list;
    if (!from) list.replaceChildren();
    for (const note of list.querySelectorAll(".kn-none")) note.remove();
    list.append(...this.#rows.slice(from).map((row, i) => this.#option(row, from + i)));
    if (this.#missing) list.append(h("li", { class: "kn-none" }, message(this.#missing)));
    else if (!this.#rows.length) {
      const where = "in its city's names, country or text.";
      const words = `No prompt of this atlas has “${this.#text()}” ${where}`;
      list.append(h("li", { class: "kn-none" }, words));
    }
    this.#more.hidden = this.#rows.length >= this.#total;
    this.#count.textContent = listedWords(this.#total, this.#rows.length, "prompt");
  }

  /**
   * @param {PromptRow} row
   * @param {number} i
   */
  #option(row, i) {
    const { prompt_id: id, name, country, population, is_capital: isCapital, text } = row;
    const star = h("span", { class: "kn-capital", title: "capital" }, " ★");
    const inhabitants = population ? `${integer(population)} inhabitants` : null;
    const option = h(
      "li",
      {
        role: "option",
        id: `kn-option-${i}`,
        "data-prompt": id,
        "aria-selected": String(id === store.state.prompt),
        onclick: () => this.#pick(option),
      },
      h(
        "div",
        { class: "kn-line" },
        h("span", { class: "kn-city" }, bdi(name ?? `prompt ${id}`), isCapital && star),
        h(
          "span",
          { class: "kn-population", title: inhabitants },
          population ? compact(population) : "",
        ),
      ),
      h("span", { class: "kn-snippet" }, bdi(country ?? "")),
      h("span", { class: "kn-snippet", title: text }, bdi(text)),
    );
    return option;
  }

  #drawConcepts() {
    for (const group of this.#list.querySelectorAll(".kn-concept")) group.remove();
    const pick = (/** @type {HTMLElement} */ node) => this.#pick(node);
    this.#list.prepend(...this.#concepts.map((concept, i) => conceptGroup(concept, i, pick)));
    // What was drawn anew keeps the keyboard's place, where it is still there.
    const { active } = this.#options;
    if (!active || active.isConnected) return;
    this.#options.activate(active.dataset.layer ? document.getElementById(active.id) : null);
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
