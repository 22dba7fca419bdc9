// @ts-check
// The tab Map: neurons or prompts at their t-SNE place, beside the selected neuron.

import { mountNeuron } from "../neuron/neuron.js";
import { bdi, fill, h, message, section, toggle } from "../page/dom.js";
import { integer } from "../page/format.js";
import { go, openPrompt } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { colourings } from "../points/colours.js";
import { MapHands } from "../points/hands.js";
import { drawLabels, labelsButton } from "../points/labels.js";
import { MapPlane } from "../points/plane.js";
import { decodePoints } from "../points/points.js";
import { MapSelection } from "./selection.js";
import { pointWords } from "./words.js";

/** @typedef {import("../points/points.js").Points} Points */
/** @typedef {Points["kind"]} Kind */
/** @typedef {import("../points/view.js").Place} Place */

class MapPane {
  /** @type {Kind} */
  #kind = "neurons";
  /** @type {Points | null} */
  #points = null;
  #turns = new Turns();
  #hovered = -1;
  /** @type {Place[] | null} corners of what is being drawn */
  #drawing = null;
  #labels = true;
  /** @type {{ of: string, points: Points | null, at: number }} the chosen point, as last sought */
  #sought = { of: "", points: null, at: -1 };
  #count = h("span", { class: "kn-count" });
  #legend = h("div", { class: "kn-legend" });
  #trouble = h("div", {});
  #stage = h("div", { class: "kn-stage" });
  #said = h("p", { class: "kn-said", role: "status" });
  #colours = h("select", { "aria-label": "Colour by", onchange: () => this.#colour() });
  #plane = new MapPlane(this.#stage, markers => this.#mark(markers));
  #selection = new MapSelection(() => this.#plane.paintMarks());
  #hands = new MapHands(this.#stage, this.#plane, this.#acts());

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.#hands.set("move");
    this.#hands.name("Map");
    const query = sqlButton(() => `FROM ${this.#macro()}`);
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Map"), this.#count, query),
      this.#tools(),
      this.#trouble,
      this.#stage,
      this.#said,
      this.#selection.node,
    );
    this.#listen();
  }

  #tools() {
    /** @type {[Kind, string][]} */
    const kinds = [
      ["neurons", "neurons"],
      ["prompts", "prompts"],
    ];
    /** @type {[import("../points/hands.js").Hand, string][]} */
    const hands = [
      ["move", "move"],
      ["box", "select a box"],
      ["lasso", "lasso"],
    ];
    const kind = toggle("What is on the map", kinds, this.#kind, value => {
      this.#kind = value;
      this.#load();
    });
    const hand = toggle("What dragging does", hands, "move", value => this.#hands.set(value));
    const labels = labelsButton(shown => {
      this.#labels = shown;
      this.#plane.paintMarks();
    });
    const colours = h("label", {}, "colour by ", this.#colours);
    return h("div", { class: "kn-tools" }, kind, colours, hand, labels, this.#legend);
  }

  /** @returns {import("../points/hands.js").Acts} */
  #acts() {
    return {
      hover: i => {
        this.#hovered = i;
        this.#plane.paintMarks();
      },
      say: i => {
        this.#said.textContent = this.#words(i);
      },
      choose: i => this.#choose(i),
      drawing: outline => {
        this.#drawing = outline;
        this.#plane.paintMarks();
      },
      select: outline => {
        if (this.#points) this.#selection.select(outline, this.#points, this.#macro());
      },
      unselect: () => this.#selection.clear(),
      chosen: () => this.#chosen(),
      words: i => this.#words(i),
    };
  }

  #listen() {
    const paint = () => {
      if (this.#points) this.#plane.paintMarks();
    };
    on("model", () => {
      this.#points = null;
      this.#plane.show(null);
      if (store.state.tab === "map") this.#load();
    });
    const fillEmpty = () => {
      if (store.state.tab === "map" && !this.#points) this.#load();
    };
    for (const event of ["tab", "tables"]) on(event, fillEmpty);
    on("neuron-asked", paint);
    on("prompt", paint);
    if (store.state.model && store.state.tab === "map") this.#load();
  }

  #macro() {
    return `${this.#kind === "neurons" ? "neuron_points" : "prompt_points"}(${modelLiteral()})`;
  }

  // -- data -----------------------------------------------------------------------------------

  async #load() {
    const { model } = store.state;
    if (!model) return;
    const isLast = this.#turns.begin();
    const kind = this.#kind;
    this.#selection.clear();
    this.#stage.classList.add("kn-waiting");
    try {
      const data = await remembered("points", { model, kind });
      if (!isLast()) return;
      fill(this.#trouble, data.missing && message(data.missing));
      this.#show(data.n ? decodePoints(data) : null);
    } catch (error) {
      if (!isLast()) return;
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
      this.#show(null);
    }
  }

  /** @param {Points | null} points */
  #show(points) {
    this.#points = points;
    this.#stage.hidden = !points;
    this.#stage.classList.remove("kn-waiting");
    this.#count.textContent = points ? `${integer(points.n)} ${points.kind}` : "";
    this.#hovered = -1;
    this.#hands.forget();
    this.#plane.show(points);
    if (!points) {
      fill(this.#legend);
      return;
    }
    this.#hands.name(`Map of ${integer(points.n)} ${points.kind}`);
    const choices = colourings(points);
    const before = this.#colours.value;
    fill(this.#colours, ...choices.map(([name, words]) => h("option", { value: name }, words)));
    if (choices.some(([name]) => name === before)) this.#colours.value = before;
    this.#colour();
    document.documentElement.dataset.knMap = points.kind;
  }

  #colour() {
    const points = this.#points;
    const choice = points && colourings(points).find(([name]) => name === this.#colours.value);
    if (!points || !choice) return;
    const [, , how] = choice;
    const { colors, legend } = how(points);
    this.#plane.colour(colors);
    fill(this.#legend, ...legend);
  }

  // -- points ---------------------------------------------------------------------------------

  /** The point of the neuron or prompt on screen, -1 where it isn't on the map. */
  #chosen() {
    const points = this.#points;
    if (!points) return -1;
    const { layer, neuron, prompt } = store.state;
    const isNeuron = points.kind === "neurons";
    const of = isNeuron ? `${layer} ${neuron}` : `${prompt}`;
    if (this.#sought.of !== of || this.#sought.points !== points) {
      const is = (/** @type {number} */ i) =>
        isNeuron
          ? points.layer?.[i] === layer && points.neuron?.[i] === neuron
          : points.promptId(i) === prompt;
      let at = 0;
      while (at < points.n && !is(at)) at++;
      this.#sought = { of, points, at: at < points.n ? at : -1 };
    }
    return this.#sought.at;
  }

  /** @param {number} i */
  #words(i) {
    return this.#points ? pointWords(this.#points, i) : "";
  }

  /** @param {number} i */
  #choose(i) {
    const points = this.#points;
    if (!points || i < 0) return;
    this.#hovered = i;
    const isNeuron = points.kind === "neurons";
    if (isNeuron) go({ layer: Number(points.layer?.[i]), neuron: Number(points.neuron?.[i]) });
    else go({ prompt: points.promptId(i) });
    fill(this.#said, bdi(this.#words(i)));
    const open = { type: "button", class: "kn-sql", onclick: () => openPrompt(store.state.prompt) };
    if (!isNeuron) this.#said.append(" ", h("button", open, "open in Explore"));
  }

  /** @param {import("../points/markers.js").Markers} markers */
  #mark(markers) {
    const points = this.#points;
    const { layer, neuron } = store.state;
    if (points && this.#labels) {
      const size = /** @type {Place} */ ([this.#stage.clientWidth, this.#stage.clientHeight]);
      const screen = (/** @type {Place} */ ...place) => this.#plane.toScreen(place);
      drawLabels(markers.context, points, screen, size, markers.ink);
    }
    const chosen = this.#chosen();
    markers.ring(chosen, 9, 2.5);
    markers.ring(this.#hovered, 6, 1.5);
    if (chosen >= 0 && points?.kind === "neurons") {
      markers.label(chosen, `layer ${layer} · neuron ${neuron}`);
    }
    const outline = this.#drawing ?? this.#selection.outline;
    if (outline) markers.outline(outline);
  }
}

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = ({ element }) => {
  new MapPane(section(element, "map"));
  mountNeuron(section(element, "neuron"), { withPrompt: false });
};
