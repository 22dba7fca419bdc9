// @ts-check
// Middle pane: the prompt, all of it by layers and tokens, a row for each layer, and the slider that
// moves the token. All of a prompt is in the browser, so moving the token asks nobody.

import { isAlwaysOn } from "../page/always_on.js";
import { onScheme } from "../page/canvas.js";
import { bdi, fill, h, message } from "../page/dom.js";
import { cancelButton } from "../page/job.js";
import { cancelChosen, chosenLens } from "../page/readings.js";
import { sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { readOrder } from "../page/target_text.js";
import { aboutPrompt, seeNeuron } from "./about_prompt.js";
import { Detail } from "./detail.js";
import { judge } from "./judge.js";
import { Overview } from "./overview.js";
import { choosePlace, openHead } from "./places.js";
import { Prose } from "./prose.js";
import { cellsQuery, lensQuery } from "./queries.js";
import { Rarity } from "./rarity.js";
import { seenWords, TokenSlider } from "./token_slider.js";
import { Tools } from "./tools.js";

/** @typedef {import("../page/prompt.js").Prompt} Prompt */
/** @typedef {import("../page/contributions.js").Contributions} Contributions */

const WIDE_PAGE = 1100; // pixels from which panes are side by side
// heights of the overview, and of one layer in it where there are few
const OVER = { share: 0.15, least: 56, most: 200, narrow: 110, layer: 40 };

export class Heatmap {
  #settling = 0; // the frame that is waited for
  #isNeuronNew = false; // and its layer may be out of sight
  /** @type {{ prompt: Prompt | null, data: Contributions | null, isLensWaiting: boolean }} */
  #drawn = { prompt: null, data: null, isLensWaiting: false };
  #title = h("h2", {}, "Prompt");
  #facts = h("span", { class: "kn-count" });
  #lensState = h("span", { class: "kn-count", role: "status" });
  #cancelLens = cancelButton(cancelChosen);
  #trouble = h("div", {});
  #prose = new Prose();
  #rarity = new Rarity(() => this.#judgeAgain());
  #tools = new Tools(this.#prose.choice, () => this.#judgeAgain());
  #said = h("p", { class: "kn-said", role: "status" });
  #say = (/** @type {string} */ words) => {
    this.#said.textContent = words;
  };
  #overview = new Overview(this.#say, place => choosePlace(place));
  #detail = new Detail(this.#say, at => openHead(at));
  #slider = new TokenSlider();
  #foot = h(
    "div",
    { class: "kn-foot" },
    this.#slider.node,
    this.#slider.place,
    this.#said,
    seeNeuron(),
  );
  #body = h(
    "div",
    { class: "kn-body", hidden: true },
    this.#prose.node,
    this.#tools.node,
    this.#overview.node,
    this.#detail.node,
    this.#foot,
  );
  #sql = [
    sqlButton(() => cellsQuery()),
    sqlButton(() => lensQuery(), "lens as SQL", {
      title: "Open the query behind the ranks at the left",
    }),
  ];

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    const head = [this.#title, this.#facts, this.#lensState, this.#cancelLens, ...this.#sql];
    pane.prepend(h("div", { class: "kn-head" }, ...head));
    pane.append(this.#trouble, this.#body);
    this.#listen();
  }

  #listen() {
    on("prompt", () => this.#show());
    for (const news of ["lens-here", "reading"]) on(news, () => this.#showLens());
    on("contributions", () => this.#showContributions());
    on("always-on", () => this.#judgeAgain());
    on("order", () => this.#judgeAgain());
    on("token", () => this.#draw());
    on("neuron-asked", () => {
      if (!store.prompt) return;
      this.#paint();
      this.#sayNeuron();
      this.#isNeuronNew = true;
      this.#settleSoon();
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
    // A message, or a form, over the rows takes room from them.
    new ResizeObserver(() => {
      if (store.prompt && !this.#body.hidden && this.#detail.isResized()) this.#fit();
    }).observe(this.#detail.rows);
    onScheme(() => {
      this.#fit();
      this.#overview.recolour();
    });
    if (store.prompt) this.#show();
  }

  // -- what belongs to the prompt --------------------------------------------------------------

  #show() {
    const shown = store.prompt;
    if (!shown) return;
    const { live, name, prompt_id: id } = shown.prompt;
    this.#showLensState();
    this.#body.hidden = false;
    for (const button of this.#sql) button.hidden = Boolean(live); // no row of a table holds it
    fill(this.#title, bdi(live ? "Your text" : (name ?? `Prompt ${id}`)));
    fill(this.#facts, ...aboutPrompt(shown));
    this.#prose.show();
    this.#slider.begin(shown.tokens);
    this.#detail.begin(shown);
    this.#overview.show();
    this.#judgeAgain();
  }

  /** There is a lens, or more is known of when there will be. */
  #showLens() {
    this.#showLensState();
    const { read, words } = chosenLens();
    if (words && !read && this.#drawn.isLensWaiting) return;
    this.#prose.shade();
    this.#draw();
  }

  /** There are contributions, or more is known of when there will be. */
  #showContributions() {
    const { prompt, target } = store;
    const by = this.#detail.judge;
    if (!by || prompt !== this.#drawn.prompt) return; // `#show` comes, with all that is known
    if (target.words && target.data === this.#drawn.data) {
      this.#tools.show(by, this.#rarity);
      return;
    }
    const { data } = this.#drawn;
    if (target.data?.lensRank && !data?.lensRank && target.data.layer === data?.layer) {
      this.#drawn.data = target.data;
      this.#detail.show(store.state.token ?? 0); // the ranks alone are new
      return;
    }
    this.#prose.shade();
    this.#overview.show();
    this.#judgeAgain();
  }

  /** A lens that is computed now is told of beside the title, one that can't be had above the rows. */
  #showLensState() {
    if (!store.prompt) return;
    const { words, trouble } = chosenLens();
    const troubles = [...Object.values(store.prompt.missing), trouble].filter(Boolean);
    fill(this.#trouble, ...troubles.map(told => message(told)));
    this.#lensState.textContent = words ? `lens: ${words}` : "";
    this.#cancelLens.hidden = !words;
  }

  /** What cells are judged by has changed, or there is more of it. */
  #judgeAgain() {
    const { prompt, target, state, atlas } = store;
    if (!prompt) return;
    this.#drawn.prompt = prompt;
    this.#drawn.data = target.data;
    this.#rarity.load();
    this.#detail.judge = judge(readOrder(state.order) ?? "contribution", {
      prompt,
      data: target.data,
      shares: this.#rarity.shares,
      nPrompts: atlas?.n_prompts ?? 0,
      isFolded: (layer, neuron) => this.#tools.isFolded() && isAlwaysOn(layer, neuron),
    });
    this.#detail.explain();
    if (!this.#detail.again()) this.#fit();
    this.#draw();
  }

  #paint() {
    this.#detail.paint();
    this.#overview.paint();
  }

  /** Heights: the overview is whole always, the rows get what is left and scroll where it is little. */
  #fit() {
    const isWide = window.innerWidth >= WIDE_PAGE;
    const tall = this.pane.clientHeight;
    const over = isWide
      ? Math.max(OVER.least, Math.min(OVER.most, OVER.share * tall))
      : OVER.narrow;
    this.#overview.measure(Math.round(over));
    const left = this.#detail.measure(isWide);
    const most = OVER.layer * (store.prompt?.nLayers ?? 0) - over;
    // What the rows leave is the overview's; where they lack room, they get it from it.
    const more = left < 0 ? Math.max(left, OVER.least - over) : Math.min(left, 0.35 * tall, most);
    if (isWide && (more > 30 || more < 0)) {
      this.#overview.measure(Math.round(over + more));
      this.#detail.measure(isWide);
    }
    this.#paint();
  }

  // -- what belongs to the token ---------------------------------------------------------------

  #draw() {
    const shown = store.prompt;
    if (!shown || this.#body.hidden || !this.#detail.judge) return;
    const token = store.state.token ?? 0;
    this.#drawn.isLensWaiting = Boolean(chosenLens().words);
    this.#slider.show(shown.tokens, token, shown.sinks.includes(token));
    this.#prose.mark(token);
    this.#tools.show(this.#detail.judge, this.#rarity);
    this.#detail.show(token);
    this.#paint();
    this.#sayNeuron();
    this.#settleSoon();
  }

  #settleSoon() {
    if (!this.#settling) this.#settling = requestAnimationFrame(() => this.#settle());
  }

  /** What needs the page's layout waits for the frame, which computes it anyway. */
  #settle() {
    this.#settling = 0;
    this.#prose.reveal(store.state.token ?? 0);
    if (this.#detail.isResized()) this.#fit();
    if (this.#isNeuronNew) this.#detail.reveal();
    this.#isNeuronNew = false;
  }

  #sayNeuron() {
    this.#said.textContent = seenWords(store.prompt, store.target.data);
  }
}
