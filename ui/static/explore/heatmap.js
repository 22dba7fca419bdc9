// @ts-check
// Middle pane: the prompt, a row for each layer, and the slider that moves the token.
// All of a prompt is in the browser, so moving the token asks nobody.

import { onScheme } from "../page/canvas.js";
import { bdi, fill, h, message, toggle } from "../page/dom.js";
import { integer, number } from "../page/format.js";
import { cancelButton } from "../page/job.js";
import { cancelLens } from "../page/lens.js";
import { go } from "../page/navigate.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { markToken, tokenProse } from "../page/tokens.js";
import { CellGrid } from "./cells.js";
import { LensRows } from "./lens_rows.js";
import { TokenSlider } from "./token_slider.js";

/** @typedef {import("../page/prompt.js").Prompt} Prompt */

export class Heatmap {
  /** @type {HTMLElement | null} */
  #prose = null;
  #title = h("h2", {}, "Prompt");
  #facts = h("span", { class: "kn-count" });
  #lensState = h("span", { class: "kn-count", role: "status" });
  #cancelLens = cancelButton(cancelLens);
  #trouble = h("div", {});
  #text = h("div", { class: "kn-text", "aria-label": "The prompt's tokens" });
  #legend = h("div", { class: "kn-legend" });
  #lens = new LensRows();
  #said = h("p", { class: "kn-said", role: "status" });
  #cells = new CellGrid(words => {
    this.#said.textContent = words;
  });
  #rows = h("div", { class: "kn-rows" }, this.#lens.node, this.#cells.node, this.#cells.counts);
  #slider = new TokenSlider();
  #foot = h("div", { class: "kn-foot" }, this.#slider.node, this.#slider.place, this.#said);
  #body = h("div", { class: "kn-body", hidden: true });
  #sql = [
    sqlButton(() => `FROM heatmap(${prompt()})\nORDER BY position, layer, abs(activation) DESC`),
    sqlButton(() => `FROM lens(${prompt()})\nORDER BY position, layer, rank`, "lens as SQL", {
      title: "Open the query behind the tokens at the left",
    }),
  ];

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    this.#body.append(this.#text, this.#tools(), this.#rows, this.#foot);
    const head = [this.#title, this.#facts, this.#lensState, this.#cancelLens, ...this.#sql];
    pane.prepend(h("div", { class: "kn-head" }, ...head));
    pane.append(this.#trouble, this.#body);
    this.#listen();
  }

  #tools() {
    const orders = toggle(
      "Order of the neurons in a row",
      /** @type {[import("./cells.js").Order, string][]} */ ([
        ["strength", "strongest first"],
        ["index", "by index"],
      ]),
      this.#cells.order,
      value => {
        this.#cells.order = value;
        this.#draw();
      },
    );
    const scales = toggle(
      "Scale of the colours",
      /** @type {[import("./cells.js").Scaling, string][]} */ ([
        ["layer", "scale per layer"],
        ["global", "global"],
      ]),
      this.#cells.scaling,
      value => {
        this.#cells.scaling = value;
        if (store.prompt) this.#drawLegend(store.prompt);
        this.#draw();
      },
    );
    return h("div", { class: "kn-tools" }, orders, scales, this.#legend);
  }

  #listen() {
    on("prompt", () => this.#show());
    on("lens", () => {
      this.#showLensState();
      this.#draw();
    });
    on("token", () => this.#draw());
    on("neuron-asked", () => {
      if (!store.prompt) return;
      this.#paint();
      this.#say();
    });
    on("prompt-failed", words => {
      this.#body.hidden = true;
      this.#lensState.textContent = "";
      this.#cancelLens.hidden = true;
      fill(this.#trouble, message(words, "error"));
    });
    new ResizeObserver(() => {
      if (store.prompt && !this.#body.hidden) this.#fit();
    }).observe(this.pane);
    onScheme(() => this.#fit());
    if (store.prompt) this.#show();
  }

  // -- what belongs to the prompt --------------------------------------------------------------

  #show() {
    const shown = store.prompt;
    if (!shown) return;
    const { tokens } = shown;
    const { live, name, prompt_id: id } = shown.prompt;
    this.#showLensState();
    this.#body.hidden = false;
    for (const button of this.#sql) button.hidden = Boolean(live); // no row of a table holds it
    fill(this.#title, bdi(live ? "Your text" : (name ?? `Prompt ${id}`)));
    fill(this.#facts, ...aboutPrompt(shown));
    const sinks = new Set(shown.sinks);
    const title = (/** @type {number} */ i) =>
      `token ${i}${sinks.has(i) ? ": an attention sink, left out of statistics" : ""}`;
    this.#prose = tokenProse(tokens, { title, onpick: token => go({ token }) });
    fill(this.#text, this.#prose);
    this.#slider.begin(tokens);
    this.#lens.begin(shown.nLayers);
    this.#cells.begin(shown);
    this.#drawLegend(shown);
    this.#measure();
    this.#draw();
  }

  /** A lens that is computed now is told of beside the title, one that can't be had above the rows. */
  #showLensState() {
    if (!store.prompt) return;
    const { missing, lensWords, lensTrouble } = store.prompt;
    const troubles = [...Object.values(missing), lensTrouble ?? ""].filter(Boolean);
    fill(this.#trouble, ...troubles.map(words => message(words)));
    this.#lensState.textContent = lensWords ? `lens: ${lensWords}` : "";
    this.#cancelLens.hidden = !lensWords;
  }

  /** @param {Prompt} shown */
  #drawLegend(shown) {
    const isByLayer = this.#cells.scaling === "layer";
    const top = isByLayer ? "98th percentile of its layer" : number(shown.globalScale);
    const ramp = (/** @type {string} */ kind) => h("span", { class: kind, "aria-hidden": "true" });
    fill(
      this.#legend,
      h("span", {}, "weakest that fired"),
      ramp("kn-ramp"),
      h("span", { title: "In this prompt, attention sinks aside" }, top),
      shown.negative && ramp("kn-ramp kn-minus"),
      shown.negative && h("span", {}, "below 0"),
    );
  }

  #measure() {
    this.#cells.measure(this.pane, this.#rows, this.#foot);
  }

  #paint() {
    this.#cells.paint();
    this.#lens.mark(store.state.layer ?? -1);
  }

  #fit() {
    this.#measure();
    this.#paint();
  }

  // -- what belongs to the token ---------------------------------------------------------------

  #draw() {
    if (!store.prompt || this.#body.hidden) return;
    const token = store.state.token ?? 0;
    this.#slider.show(store.prompt.tokens, token, store.prompt.sinks.includes(token));
    if (this.#prose) markToken(this.#prose, token);
    this.#lens.show(token);
    this.#paint();
    this.#say();
    if (this.#cells.isResized()) this.#fit();
  }

  #say() {
    const { layer, neuron, token } = store.state;
    if (layer === null || !store.prompt) {
      this.#said.textContent = "";
      return;
    }
    const fired = store.prompt.fired(token ?? 0, layer).find(cell => cell.neuron === neuron);
    const words = fired ? `fired here: ${number(fired.activation)}` : "did not fire at this token";
    this.#said.textContent = `Layer ${layer} · neuron ${neuron} ${words}`;
  }
}

/** The prompt on screen as a macro's arguments. */
const prompt = () => `${modelLiteral()}, ${store.state.prompt}`;

/**
 * @param {Prompt} shown
 * @returns {(Node | string)[]}
 */
const aboutPrompt = ({ tokens, prompt: about }) => {
  if (about.live) {
    const n = integer(tokens.length);
    const isCut = (about.n_whole ?? 0) > tokens.length;
    const size = isCut ? `the first ${n} of ${integer(about.n_whole)}` : n;
    return [`${size} tokens, run live`];
  }
  if (!about.name) return [];
  const facts = [
    about.country,
    about.is_capital && "capital",
    about.population && integer(about.population),
    `prompt ${about.prompt_id}`,
  ];
  return facts
    .flatMap(fact => (fact ? [bdi(fact)] : []))
    .flatMap((fact, i) => [i ? " · " : "", fact]);
};
