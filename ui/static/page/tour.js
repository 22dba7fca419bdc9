// @ts-check
// A tour of five stops over what is on screen. It opens by itself on the first visit of a lake that
// `kn demo` made, and again with the button.

import { fill, h } from "./dom.js";
import { term } from "./glossary.js";
import { keepHere, readKept } from "./kept.js";
import { making } from "./making.js";
import { go } from "./navigate.js";
import { on, store } from "./store.js";

const SEEN = "kn-tour-seen";

/** @typedef {{ tab: string, at: string, title: string, words: () => (Node | string)[] }} Stop */

const named = () => store.prompt?.prompt.name ?? "this text";
const neuron = () => `layer ${store.state.layer ?? "–"}, neuron ${store.state.neuron ?? "–"}`;

/** @type {Stop[]} */
const STOPS = [
  {
    tab: "explore",
    at: "[data-kn=cities]",
    title: "Search a city",
    words: () => [
      "Each city has a ",
      term("prompt (of the corpus)", "prompt"),
      ": the beginning of a description, which the model has read. Type a city, a country or a " +
        `word, then choose one. ${named()} is open.`,
    ],
  },
  {
    tab: "explore",
    at: "[data-kn=prompt]",
    title: "Its tokens and neurons",
    words: () => [
      `What the model reads of ${named()}, token by token. Choose a token: below, each row is a `,
      term("layer"),
      " with the neurons that ",
      term("fired"),
      " there.",
    ],
  },
  {
    tab: "explore",
    at: "#kn-explore [data-kn=neuron]",
    title: "One neuron",
    words: () => [
      `This is ${neuron()}: how often it fires, which tokens it `,
      term("promoted, suppressed tokens", "promotes and suppresses"),
      ", and its ",
      term("top activating prompts"),
      ". Choose another one in the middle.",
    ],
  },
  {
    tab: "knowledge",
    at: "[data-kn=fact]",
    title: "What it knows, and when it learned it",
    words: () => [
      "For each ",
      term("fact"),
      ": does the model know it, which are its ",
      term("knowledge neurons"),
      ", and what happens to the answer when they are ",
      term("suppress", "suppressed"),
      "? The tab Training shows the same through a training. What is not here yet comes by itself: " +
        "the frame says when.",
    ],
  },
  {
    tab: "sql",
    at: "[data-kn=sql]",
    title: "Ask anything else",
    words: () => [
      "Every stored number on screen is in a table. Choose a question, or write your own in SQL; “show as " +
        "SQL” beside a pane opens the query behind it. Words with dotted lines explain themselves.",
    ],
  },
];

/**
 * A pane, once it is on screen: those of a tab come when it is first chosen.
 *
 * @param {string} at
 */
const visible = async at => {
  for (let tries = 0; tries < 80; tries++) {
    const pane = document.querySelector(at);
    if (pane?.checkVisibility()) return pane;
    await new Promise(done => setTimeout(done, 100));
  }
  return null;
};

class Tour {
  #at = 0;
  #said = h("div", { role: "status" });
  #acts = h("div", { class: "kn-tour-acts" });
  #close = h(
    "button",
    {
      type: "button",
      class: "kn-wish kn-tour-close",
      "aria-label": "Close the tour",
      onclick: () => this.close(),
    },
    "×",
  );
  #card = h(
    "aside",
    { class: "kn-tour", "data-kn": "tour", "aria-label": "Tour", tabindex: "-1", hidden: true },
    this.#close,
    this.#said,
    this.#acts,
  );
  /** @type {Element | null} */
  #shown = null;

  /** @param {{ focused: boolean }} how focused: somebody asked for it, whose keyboard follows */
  open({ focused }) {
    if (!store.atlases.length) return;
    if (!this.#card.isConnected) document.body.append(this.#card);
    this.#card.hidden = false;
    if (focused) this.#card.focus();
    this.#to(0);
  }

  close() {
    this.#card.hidden = true;
    this.#shown?.classList.remove("kn-toured");
    keepHere(SEEN, "yes");
  }

  isOpen() {
    return !this.#card.hidden;
  }

  /** @param {number} at */
  async #to(at) {
    this.#at = at;
    const stop = STOPS[at];
    await go({ tab: stop.tab });
    if (!this.isOpen() || this.#at !== at) return;
    this.#shown?.classList.remove("kn-toured");
    const hadFocus = this.#card.contains(document.activeElement);
    this.#show(stop, at);
    if (hadFocus) this.#card.focus(); // its buttons are others now
    const pane = await visible(stop.at);
    if (!this.isOpen() || this.#at !== at) return;
    this.#shown = pane;
    pane?.classList.add("kn-toured");
    pane?.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {Stop} stop
   * @param {number} at
   */
  #show(stop, at) {
    const button = (/** @type {string} */ words, /** @type {() => void} */ onclick) =>
      h("button", { type: "button", class: "kn-wish", onclick }, words);
    const isLast = at === STOPS.length - 1;
    const next = isLast ? () => this.close() : () => this.#to(at + 1);
    fill(
      this.#said,
      h(
        "div",
        { class: "kn-head" },
        h("h2", {}, stop.title),
        h("span", { class: "kn-count" }, `${at + 1} of ${STOPS.length}`),
      ),
      h("p", {}, ...stop.words()),
    );
    const back = at > 0 && button("Back", () => this.#to(at - 1));
    fill(this.#acts, back, button(isLast ? "Done" : "Next", next));
  }
}

/** The button that opens the tour. */
export const tourButton = () => {
  const tour = new Tour();
  // The window hears a key last: what else it closes, the sheet or a list, has taken it by then.
  addEventListener("keydown", event => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && tour.isOpen()) tour.close();
  });
  on("making", () => {
    const isNew = making.state?.first_hour && !readKept(SEEN);
    if (isNew && !tour.isOpen() && store.prompt && store.state.tab === "explore") {
      tour.open({ focused: false });
    }
  });
  const title = "A tour of five stops";
  const open = () => tour.open({ focused: true });
  return h("button", { type: "button", class: "kn-wish", title, onclick: open }, "Tour");
};
