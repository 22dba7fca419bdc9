// @ts-check
// One "show as SQL" a pane: where a pane has several queries, its first button lists them all, and
// the others are in that list alone.

import { fill, h } from "./dom.js";

const PLAIN = ["show as SQL", "SQL"]; // words that don't tell one query from another
const IN_LIST = "kn-in-list";

/** @param {Element} pane */
const buttonsOf = pane =>
  /** @type {HTMLElement[]} */ ([...pane.querySelectorAll(".kn-query:not([hidden])")]);

/**
 * What a button's query is of: its own words, else the heading that it stands at.
 *
 * @param {HTMLElement} button
 */
const wordsOf = button => {
  const own = button.textContent ?? "";
  if (!PLAIN.includes(own)) return own;
  const [label] = (button.getAttribute("aria-label") ?? "").split(": show as SQL");
  const heading = button.parentElement?.querySelector("h2, h3")?.textContent;
  return label || heading || own;
};

class SqlMenu {
  /** @type {HTMLElement | null} the button it is open at */
  #at = null;
  #list = h("ul", { class: "kn-sql-list", "data-kn": "sql-list", hidden: true });

  constructor() {
    document.addEventListener("click", event => this.#click(event), true);
    document.addEventListener("keydown", event => {
      if (event.key !== "Escape" || !this.#at) return;
      const button = this.#at;
      this.#close();
      button.focus();
      event.preventDefault();
    });
    const gather = () => {
      waiting = false;
      for (const pane of document.querySelectorAll(".kn-pane")) gatherPane(pane);
    };
    let waiting = false;
    new MutationObserver(() => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(gather);
    }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  }

  /** @param {Event} event before the button hears of it */
  #click(event) {
    if (!(event instanceof MouseEvent)) return; // an item's, below
    const target = /** @type {Element} */ (event.target);
    if (this.#list.contains(target)) return;
    const at = this.#at;
    this.#close();
    const button = /** @type {HTMLElement | null} */ (target.closest(".kn-query"));
    const pane = button?.closest(".kn-pane");
    const all = pane ? buttonsOf(pane) : [];
    if (!button || all.length < 2 || all[0] !== button) return;
    event.stopPropagation();
    event.preventDefault();
    if (at !== button) this.#open(button, all);
  }

  /**
   * @param {HTMLElement} at
   * @param {HTMLElement[]} all
   */
  #open(at, all) {
    this.#at = at;
    at.setAttribute("aria-expanded", "true");
    const items = all.map(button => {
      const open = () => {
        this.#close();
        // As if that one had been clicked; the first one's own click lists the queries.
        button.dispatchEvent(new CustomEvent("click"));
      };
      const words = wordsOf(button);
      return h(
        "li",
        {},
        h("button", { type: "button", class: "kn-sql-item", onclick: open }, words),
      );
    });
    fill(this.#list, ...items);
    this.#list.setAttribute("aria-label", "Queries behind this pane");
    if (!this.#list.isConnected) document.body.append(this.#list);
    this.#list.hidden = false;
    const { bottom, right } = at.getBoundingClientRect();
    this.#list.style.top = `${bottom + scrollY + 2}px`;
    this.#list.style.left = `${Math.max(4, right - this.#list.offsetWidth)}px`;
    this.#list.querySelector("button")?.focus();
  }

  #close() {
    this.#at?.setAttribute("aria-expanded", "false");
    this.#at = null;
    this.#list.hidden = true;
  }
}

/** @param {Element} pane */
const gatherPane = pane => {
  const [first, ...others] = buttonsOf(pane);
  if (!first) return;
  first.classList.remove(IN_LIST);
  for (const button of others) button.classList.add(IN_LIST);
  if (!others.length) first.removeAttribute("aria-expanded");
  else if (!first.hasAttribute("aria-expanded")) first.setAttribute("aria-expanded", "false");
};

export const gatherQueries = () => void new SqlMenu();
