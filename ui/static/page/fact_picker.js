// @ts-check
// Finding a fact: a box to type in, and the facts found, as a list beside or under it.

import { apart, bdi, faint, fill, h, message } from "./dom.js";
import { learnedAt, standing } from "./facts.js";
import { listedWords } from "./format.js";
import { FactFilters } from "./fact_filters.js";
import { Listbox } from "./listbox.js";
import { remembered } from "./server.js";
import { on, store } from "./store.js";
import { debounce, Turns } from "./timing.js";

/** @typedef {import("./facts.js").FactRow} FactRow */
/**
 * @typedef {object} Options
 * @property {() => string | null} model whose facts
 * @property {(id: number) => void} onpick
 * @property {boolean} [popup] the list shows while one types
 * @property {"circuits"} [first] facts that have one come first, and each says whether it has
 */

const PAGE = 100;
const TYPING_MS = 60;
const LEAVING_MS = 120; // until the list closes: a click on it comes first
let made = 0;

export class FactPicker {
  /** @type {FactRow[]} */
  #rows = [];
  #total = 0;
  #turns = new Turns();
  #id = `kn-facts-${++made}`;
  filters = new FactFilters(() => this.#search(0));
  #count = h("span", { class: "kn-count kn-found", role: "status" });

  /** @param {Options} options */
  constructor({ model, onpick, popup = false, first }) {
    this.model = model;
    this.onpick = onpick;
    this.popup = popup;
    this.first = first;
    this.box = this.#searchBox();
    this.list = h("ul", {
      class: "kn-list kn-facts",
      id: this.#id,
      role: "listbox",
      "aria-label": "Facts",
      tabindex: popup ? "-1" : "0",
      hidden: popup,
    });
    const loadMore = () => this.#search(this.#rows.length);
    const attributes = { type: "button", class: "kn-more", hidden: true, onclick: loadMore };
    this.more = h("button", attributes, "show more");
    const filters = [this.box, this.filters.node, this.#count, this.list, this.more];
    const parts = popup ? [this.box, this.list] : filters;
    this.node = h("div", { class: popup ? "kn-picker kn-popup" : "kn-picker" }, ...parts);
    this.#listen();
  }

  search() {
    this.#search(0);
  }

  text() {
    return this.box.value.trim();
  }

  #searchBox() {
    return h("input", {
      type: "search",
      class: "kn-search",
      placeholder: "City, country or relation",
      autocomplete: "off",
      spellcheck: "false",
      role: "combobox",
      "aria-label": "Search facts",
      "aria-controls": this.#id,
      "aria-expanded": String(!this.popup),
      "aria-autocomplete": "list",
    });
  }

  #listen() {
    const { box, popup } = this;
    const later = debounce(TYPING_MS, () => this.#search(0));
    box.addEventListener("keydown", event => {
      if (popup && this.list.hidden && event.key === "ArrowDown") {
        this.#open(true);
        this.#search(0);
        event.preventDefault();
      }
      if (event.key === "Escape") this.#open(false);
    });
    this.options = new Listbox(box, this.list, option => this.#pick(option));
    box.addEventListener("input", () => {
      this.#open(true);
      later();
    });
    if (popup) {
      box.addEventListener("click", () => {
        this.#open(true);
        this.#search(0);
      });
      box.addEventListener("blur", () => setTimeout(() => this.#open(false), LEAVING_MS));
    }
    on("fact-was-asked", () => !popup && this.#search(0));
    on("fact", () => this.options?.select(option => option.dataset.fact === store.state.fact));
  }

  /** @param {boolean} shown */
  #open(shown) {
    if (!this.popup) return;
    this.list.hidden = !shown;
    this.box.setAttribute("aria-expanded", String(shown));
    if (!shown) this.options?.activate(null);
  }

  /** @param {HTMLElement} option */
  #pick(option) {
    this.#open(false);
    if (this.popup) this.box.value = "";
    this.onpick(Number(option.dataset.fact));
  }

  /** @param {number} from */
  async #search(from) {
    const isLast = this.#turns.begin();
    const model = this.model();
    if (!model) return;
    const asked = { model, text: this.text(), offset: from, limit: PAGE, ...this.filters.chosen() };
    if (this.first) Object.assign(asked, { first: this.first });
    try {
      const { rows, total, missing, ...there } = await remembered("facts", asked);
      if (!isLast()) return;
      if (there.relations) this.filters.show(there);
      this.#rows = from ? this.#rows.concat(rows) : rows;
      this.#total = total;
      if (!from) this.options?.activate(null);
      this.#draw(from, missing);
    } catch (error) {
      if (!isLast()) return;
      this.#rows = [];
      this.more.hidden = true;
      this.#count.textContent = "";
      fill(this.list, h("li", { class: "kn-none" }, /** @type {Error} */ (error).message));
      this.#name();
    }
  }

  /** A list box holds options alone: with a note in place of them it is a plain list. */
  #name() {
    if (this.#rows.length) this.list.setAttribute("role", "listbox");
    else this.list.removeAttribute("role");
  }

  /**
   * @param {number} from the first row that isn't drawn yet
   * @param {string | null} missing
   */
  #draw(from, missing) {
    const { list } = this;
    if (!from) list.replaceChildren();
    for (const note of list.querySelectorAll(".kn-none")) note.remove();
    list.append(...this.#rows.slice(from).map((row, i) => this.#option(row, from + i)));
    if (missing) list.append(h("li", { class: "kn-none" }, message(missing)));
    else if (!this.#rows.length) {
      const words = this.filters.isSet()
        ? "No fact is of all that was chosen."
        : `No fact has “${this.text()}” in its subject, object or relation.`;
      list.append(h("li", { class: "kn-none" }, words));
    }
    this.#name();
    this.more.hidden = this.#rows.length >= this.#total;
    this.#count.textContent = listedWords(this.#total, this.#rows.length, "fact");
  }

  /**
   * @param {FactRow} row
   * @param {number} i
   */
  #option(row, i) {
    const { kind, words, title } = standing(row);
    const circuit = row.circuit ? "has a circuit" : "no circuit";
    const learned = [
      this.first ? circuit : "",
      learnedAt(row),
      row.on_demand ? "asked on demand" : "",
    ]
      .filter(Boolean)
      .join(", ");
    const option = h(
      "li",
      {
        role: "option",
        id: `${this.#id}-${i}`,
        "data-fact": row.fact_id,
        "aria-selected": String(String(row.fact_id) === store.state.fact),
        onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
        onclick: () => this.#pick(option),
      },
      h(
        "div",
        { class: "kn-line" },
        h("span", { class: "kn-city" }, bdi(row.subject), faint(" → "), bdi(row.object)),
      ),
      apart(),
      h(
        "div",
        { class: "kn-line" },
        h("span", { class: "kn-snippet" }, row.relation),
        apart(),
        h("span", { class: `kn-standing ${kind}`, title }, words),
      ),
      learned && h("div", { class: "kn-line kn-faint" }, learned),
    );
    return option;
  }
}
