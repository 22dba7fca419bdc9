// @ts-check
// The tab Map: neurons or prompts at their t-SNE place, beside the selected one.

import { mountNeuron } from "../neuron/neuron.js";
import { bdi, fill, h, message, section } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { on, store } from "../page/store.js";
import { debounce, Turns } from "../page/timing.js";
import { setWaiting } from "../page/waiting.js";
import { MapHands } from "../points/hands.js";
import { decodePoints } from "../points/points.js";
import { viewOf, viewText } from "../points/view.js";
import { regionText, thinned } from "./choice.js";
import { MapDrawing } from "./drawing.js";
import { PromptPane } from "./prompt.js";
import { MapTools } from "./tools.js";
import { drawnWords, pointWords } from "./words.js";

/** @typedef {import("../points/points.js").Points} Points */
/** @typedef {Points["kind"]} Kind */
/** @typedef {import("../points/view.js").Place} Place */

const TEXTS = /** @type {const} */ ([
  "colour",
  "cluster",
  "find",
  "region",
  "layers",
  "rate",
  "silent",
]);

class MapPane {
  /** @type {Points | null} */
  #points = null;
  #turns = new Turns();
  /** @type {Partial<import("../page/types.d.ts").State>} what is on screen */
  #seen = {};
  #count = h("span", { class: "kn-count" });
  #trouble = h("div", {});
  #stage = h("div", { class: "kn-stage" });
  #said = h("p", { class: "kn-said", role: "status" });
  #tools = new MapTools({
    hand: value => this.#hands.set(value),
    labels: shown => this.#drawing.showLabels(shown),
  });
  #drawing = new MapDrawing(this.#stage, {
    onmove: debounce(250, view => go({ place: view ? viewText(view) : "" }, { push: false })),
    choose: i => this.#choose(i),
    chosen: () => this.#chosen(),
  });
  #hands = new MapHands(this.#stage, this.#drawing.plane, this.#acts());

  /**
   * @param {HTMLElement} pane
   * @param {{ chosen: HTMLElement, neuron: HTMLElement, prompt: HTMLElement }} beside
   */
  constructor(pane, beside) {
    this.beside = beside;
    this.prompt = new PromptPane(beside.prompt);
    this.#hands.set("move");
    this.#hands.name("Map");
    const macro = () => `${this.#kind().slice(0, -1)}_points(${modelLiteral()})`;
    const query = sqlButton(() => `FROM ${macro()}`);
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Map"), this.#count, query),
      this.#tools.node,
      this.#trouble,
      this.#stage,
      this.#said,
    );
    this.#drawing.members.mount(beside.chosen);
    this.#listen();
  }

  /** @returns {Kind} */
  #kind() {
    return store.state.map === "prompts" ? "prompts" : "neurons";
  }

  /** @returns {import("../points/hands.js").Acts} */
  #acts() {
    const drawing = this.#drawing;
    return {
      hover: i => drawing.hover(i),
      say: i => {
        this.#said.textContent = this.#words(i);
      },
      choose: i => this.#choose(i),
      drawing: outline => drawing.outline(outline),
      select: outline => {
        const points = this.#points;
        if (!points) return;
        const rounded = (/** @type {number} */ v) => Number(v.toPrecision(5));
        const corners = thinned(outline).map(
          corner => /** @type {Place} */ (points.toData(...corner).map(rounded)),
        );
        go({ region: regionText(corners) });
      },
      unselect: () => go({ cluster: "", find: "", region: "" }),
      chosen: () => this.#chosen(),
      words: i => this.#words(i),
      labelAt: place => drawing.labels.at(place),
      chooseLabel: cluster => go({ cluster: `${cluster}` }),
      labelWords: cluster => drawing.clusterWords(cluster),
    };
  }

  #listen() {
    const isHere = () => store.state.tab === "map";
    const load = () => {
      if (store.state.model && isHere()) this.#load();
    };
    on("model", () => {
      this.#forgetOther();
      this.#points = null;
      this.#drawing.show(null);
      load();
    });
    on("map", () => {
      this.#points = null;
      load();
    });
    for (const event of ["tab", "tables"]) {
      on(event, () => {
        if (isHere() && !this.#points) this.#load();
      });
    }
    // what comes together, as from the address, is followed once
    const follow = debounce(0, () => this.#follow());
    for (const text of TEXTS) on(text, follow);
    on("place", () => this.#look());
    for (const event of ["neuron-asked", "prompt"]) on(event, () => this.#drawing.mark());
    load();
  }

  // -- data -----------------------------------------------------------------------------------

  /** What was chosen on another model's map, by that map's own numbers, is nothing on this one. */
  #forgetOther() {
    const { model, cluster, region, place } = store.state;
    const isSame = cluster === this.#seen.cluster && region === this.#seen.region;
    if (this.#seen.model && this.#seen.model !== model && isSame) {
      Object.assign(store.state, { cluster: "", region: "" });
      if (place === this.#seen.place) store.state.place = "";
    }
  }

  async #load() {
    const { model } = store.state;
    const isLast = this.#turns.begin();
    const kind = this.#kind();
    this.#drawing.members.clear();
    setWaiting(this.#stage, true);
    this.beside.neuron.hidden = kind === "prompts";
    this.beside.prompt.hidden = kind === "neurons";
    this.prompt.show();
    this.#tools.show(kind, null);
    try {
      const data = await remembered("points", { model, kind });
      if (!isLast()) return;
      fill(this.#trouble, data.missing && message(data.missing));
      this.#show(data.missing ? null : decodePoints(data));
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
    setWaiting(this.#stage, false);
    this.#hands.forget();
    this.#drawing.show(points);
    if (points) this.#look();
    this.#follow();
    if (points) document.documentElement.dataset.knMap = points.kind;
  }

  /** Look at the part of the map that the address says, unless one has just gone there. */
  #look() {
    const { plane } = this.#drawing;
    const seen = plane.seen();
    const { place } = store.state;
    if (!this.#points || (place && seen && viewText(seen) === place)) return;
    plane.see(viewOf(place));
  }

  /** Show what the address has chosen. */
  #follow() {
    const points = this.#points;
    this.#seen = { ...store.state };
    this.#tools.show(this.#kind(), points);
    if (!points) {
      this.#count.textContent = "";
      fill(this.#tools.legend);
      return;
    }
    const { legend, shown } = this.#drawing.follow(points);
    const words = drawnWords(points, shown, this.#drawing.withSilent);
    this.#count.textContent = words;
    this.#hands.name(`Map: ${words}`);
    fill(this.#tools.legend, ...legend);
  }

  // -- points ---------------------------------------------------------------------------------

  /** The point of the neuron or prompt on screen, -1 where it isn't on the map. */
  #chosen() {
    const points = this.#points;
    if (!points) return -1;
    const { layer, neuron, prompt } = store.state;
    return points.at(points.kind === "neurons" ? `${layer}/${neuron}` : `${prompt}`);
  }

  /** @param {number} i */
  #words(i) {
    return this.#points ? pointWords(this.#points, i) : "";
  }

  /** @param {number} i */
  #choose(i) {
    const points = this.#points;
    if (!points || i < 0) return;
    this.#drawing.hover(i);
    const isNeuron = points.kind === "neurons";
    if (isNeuron) go({ layer: Number(points.layer?.[i]), neuron: Number(points.neuron?.[i]) });
    else go({ prompt: points.promptId(i) });
    fill(this.#said, bdi(this.#words(i)));
  }
}

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = ({ element }) => {
  const [chosen, neuron, prompt] = ["mchosen", "neuron", "mprompt"].map(n => section(element, n));
  new MapPane(section(element, "map"), { chosen, neuron, prompt });
  mountNeuron(neuron, { withPrompt: false });
};
