// @ts-check
// A neuron's page, over the tabs: all that is known of one neuron, in the order of use.

import { fill, h, message } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { term } from "../page/glossary.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { modelLiteral } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { setWaiting } from "../page/waiting.js";
import { aboutPart, factsPart } from "./about.js";
import { description, halvesPart } from "./halves.js";
import { Histogram } from "./histogram.js";
import { lifePart } from "./life.js";
import { nearPart } from "./near.js";
import { nothing, part } from "./parts.js";

/** @typedef {import("./types.d.ts").Page} Page */

class NeuronPage {
  #turns = new Turns(); // of questions
  #fills = new Turns(); // of what is on the page
  #shown = ""; // whose page it is
  #told = ""; // what it says
  /** @type {HTMLElement | null} where the focus was */
  #before = null;
  #histogram = new Histogram();
  #title = h("h2", { tabindex: "-1", id: "kn-neuron-page" }, "Neuron");
  #line = h("p", { class: "kn-faint" });
  #body = h("div", { class: "kn-parts" });
  node = h(
    "section",
    {
      class: "kn-neuron-sheet",
      "data-kn": "neuron-page",
      role: "dialog",
      "aria-labelledby": "kn-neuron-page",
      hidden: true,
    },
    h("div", { class: "kn-head" }, this.#title, this.#leads(), this.#closeButton()),
    this.#line,
    this.#body,
  );

  constructor() {
    document.body.append(this.node);
    this.node.addEventListener("keydown", event => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      this.#close();
      event.preventDefault();
    });
    for (const event of ["whole", "model", "neuron-asked", "neuron-none"])
      on(event, () => this.show());
    for (const event of ["token", "prompt"]) on(event, () => this.#histogram.mark());
    on("tables", () => this.#reload());
    addEventListener("resize", () => this.#place());
  }

  /** Show what the address says: the page of its neuron, or none. */
  show() {
    const { whole, layer, neuron } = store.state;
    const isOpen = whole === "neuron";
    if (isOpen === this.node.hidden) this.#toggle(isOpen);
    if (!isOpen) return;
    if (layer === null || neuron === null) {
      this.#shown = this.#told = "";
      this.#title.textContent = "Neuron";
      fill(this.#line);
      fill(this.#body, message("No neuron is chosen: select one in Explore or on the map."));
      return;
    }
    this.#load(layer, neuron);
  }

  /** @param {boolean} isOpen */
  #toggle(isOpen) {
    if (isOpen) this.#before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.node.hidden = !isOpen;
    // What lies under the page is out of reach until it is closed.
    for (const tab of document.querySelectorAll("#kn-tabs .tabitem")) {
      tab.toggleAttribute("inert", isOpen);
    }
    this.#place();
    if (isOpen) {
      this.node.scrollTop = 0;
      this.#title.focus({ preventScroll: true });
    } else if (this.#before?.isConnected) this.#before.focus({ preventScroll: true });
  }

  /** Under the tabs where they stand at the top, else over the whole window. */
  #place() {
    const tabs = document.querySelector("#kn-tabs > .tab-wrapper")?.getBoundingClientRect();
    const top = tabs && innerWidth >= 1100 ? Math.max(0, tabs.bottom) : 0;
    this.node.style.top = `${top}px`;
  }

  #close() {
    go({ whole: "" });
  }

  #closeButton() {
    const attributes = {
      type: "button",
      class: "kn-ask-close",
      "aria-label": "Close this neuron's page",
    };
    return h("button", { ...attributes, onclick: () => this.#close() }, "×");
  }

  #leads() {
    const lead = (/** @type {string} */ tab, /** @type {string} */ words) =>
      h("button", { type: "button", class: "kn-link", onclick: () => go({ tab }) }, words);
    return h(
      "span",
      { class: "kn-leads" },
      lead("explore", "open in Explore"),
      lead("map", "on the map"),
    );
  }

  /** What was missing may have come: a page of which nothing has changed stays as it is. */
  #reload() {
    this.#shown = "";
    this.show();
  }

  /**
   * @param {number} layer
   * @param {number} neuron
   */
  async #load(layer, neuron) {
    const { model } = store.state;
    const key = JSON.stringify([model, layer, neuron]);
    if (key === this.#shown) return;
    this.#shown = key;
    const isLast = this.#turns.begin();
    this.#title.textContent = `Layer ${layer} · neuron ${neuron}`;
    setWaiting(this.node, true);
    try {
      /** @type {Page} */
      const page = await remembered("neuron_page", { model, layer, neuron });
      const told = key + JSON.stringify(page);
      if (isLast() && told !== this.#told) {
        this.#told = told;
        this.#fill(page, `${modelLiteral()}, ${layer}, ${neuron}`, this.#fills.begin());
      }
    } catch (error) {
      if (!isLast()) return;
      this.#shown = this.#told = "";
      fill(this.#line);
      fill(this.#body, message(/** @type {Error} */ (error).message, "error"));
    }
    if (isLast()) setWaiting(this.node, false);
  }

  /**
   * @param {Page} page
   * @param {string} of the neuron, as macros take it
   * @param {() => boolean} isLast
   */
  #fill(page, of, isLast) {
    fill(this.#line, ...lineOf(page));
    const { histogram, missing } = page;
    if (histogram.length) this.#histogram.show(histogram);
    fill(
      this.#body,
      description(page, of),
      part(
        "Histogram",
        ["Histogram over the corpus, with its ", term("threshold")],
        [["Histogram", () => `FROM neuron_histogram(${of})`]],
        histogram.length && !missing.histogram
          ? this.#histogram.node
          : nothing(missing.histogram, "This layer has no threshold."),
      ),
      halvesPart(page, of),
      aboutPart(page, of),
      factsPart(page, of),
      nearPart(of, isLast),
      lifePart(isLast, missing.concepts),
    );
  }
}

/** @param {Page} page */
const lineOf = ({ card }) =>
  card
    ? [
        term("firing rate", "Fires"),
        ` at ${percent(card.firing_rate)} of tokens, ${integer(card.n_fired)} times; over all tokens `,
        `mean ${number(card.mean)}, std ${number(card.std)}, from ${number(card.min)} to ${number(card.max)}`,
      ]
    : [];

/** @type {NeuronPage | null} */
let mounted = null;

/** Make the page, which then follows the address. */
export const mount = () => {
  mounted ??= new NeuronPage();
  mounted.show();
};
