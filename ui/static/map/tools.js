// @ts-check
// The tools over the map: what is on it, its colours, words to find, bounds, and what dragging does.
// What they choose is in the address, and they show what the address says.

import { fill, h, toggle } from "../page/dom.js";
import { counted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { colourings } from "../points/colours.js";
import { labelsButton } from "../points/labels.js";
import { choiceOf, RATES } from "./choice.js";

/** @typedef {import("../points/points.js").Points} Points */
/** @typedef {Points["kind"]} Kind */

export class MapTools {
  legend = h("div", { class: "kn-legend" });
  #colours = h("select", {
    "aria-label": "Colour by",
    onchange: () => go({ colour: this.#colours.value }),
  });
  #clusters = h("select", {
    "aria-label": "Cluster",
    class: "kn-clusters",
    onchange: () => go({ cluster: this.#clusters.value }),
  });
  #find = h("input", {
    type: "search",
    "aria-label": "Find on the map",
    maxlength: "200",
    onchange: () => this.#seek(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") this.#seek();
    },
    onsearch: () => this.#seek(),
  });
  #from = this.#layerInput("First layer");
  #to = this.#layerInput("Last layer");
  #rates = h(
    "select",
    { "aria-label": "Firing rate", onchange: () => go({ rate: this.#rates.value }) },
    h("option", { value: "" }, "at any rate"),
    ...Object.entries(RATES).map(([name, { words }]) => h("option", { value: name }, words)),
  );
  #silent = h("input", {
    type: "checkbox",
    onchange: () => go({ silent: this.#silent.checked ? "1" : "" }),
  });
  #silentWords = h("span", {});
  #silentLabel = h("label", { hidden: true }, this.#silent, " ", this.#silentWords);
  #bounds = h(
    "span",
    { class: "kn-bounds" },
    h("span", {}, "layers ", this.#from, " to ", this.#to),
    h("label", {}, "fires ", this.#rates),
  );
  /** @type {(kind: Kind) => void} */
  #setKind;

  /**
   * @param {{ hand: (hand: import("../points/hands.js").Hand) => void,
   *   labels: (on: boolean) => void }} acts
   */
  constructor(acts) {
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
    const kind = toggle("What is on the map", kinds, "neurons", value => this.#changeKind(value));
    this.#setKind = kind.set;
    const colours = h("label", {}, "colour by ", this.#colours);
    this.node = h(
      "div",
      { class: "kn-tools" },
      kind,
      this.#find,
      this.#clusters,
      this.#bounds,
      toggle("What dragging does", hands, "move", acts.hand),
      labelsButton(acts.labels),
      colours,
      this.legend,
      this.#silentLabel,
    );
  }

  #seek() {
    const find = this.#find.value.trim();
    if (find !== store.state.find) go({ find });
  }

  /** @param {Kind} kind */
  #changeKind(kind) {
    const map = kind === "prompts" ? kind : "";
    go({ map, cluster: "", region: "", place: "", layers: "", rate: "" });
  }

  /** @param {string} label */
  #layerInput(label) {
    const change = () => {
      const last = (store.atlas?.n_layers ?? 1) - 1;
      const [from, to] = [this.#from, this.#to].map(input => input.value);
      const least = Math.min(last, Math.max(0, Number(from || 0)));
      const most = Math.min(last, Math.max(least, Number(to === "" ? last : to)));
      go({ layers: least === 0 && most === last ? "" : `${least}-${most}` });
    };
    return h("input", { type: "number", min: "0", "aria-label": label, onchange: change });
  }

  /**
   * Show what there is to choose from, and what the address says.
   *
   * @param {Kind} kind
   * @param {Points | null} points
   */
  show(kind, points) {
    const { state } = store;
    const choice = choiceOf(state, kind);
    const isNeurons = kind === "neurons";
    this.#setKind(kind);
    this.#find.placeholder = isNeurons ? "Find 17/498, a city, a token" : "Find a city, a word";
    if (document.activeElement !== this.#find) this.#find.value = choice.words;
    this.#bounds.hidden = !isNeurons;
    this.#rates.value = choice.rate;
    const last = String((store.atlas?.n_layers ?? 1) - 1);
    for (const [input, value] of /** @type {[HTMLInputElement, number | string][]} */ ([
      [this.#from, choice.layers?.[0] ?? 0],
      [this.#to, choice.layers?.[1] ?? last],
    ])) {
      input.max = last;
      input.value = String(value);
    }
    this.#colours.disabled = this.#clusters.disabled = !points;
    if (!points) return;
    const silent = points.n - points.nDrawn;
    this.#silentLabel.hidden = !silent;
    this.#silent.checked = state.silent === "1";
    this.#silentWords.textContent = `show ${counted(silent, "neuron")} that never fired`;
    fillOnce(this.#colours, colourings(points), state.colour);
    const clusters = [...points.labels.values()].map(
      ({ cluster, label, n }) =>
        /** @type {[string, string]} */ ([`${cluster}`, `${cluster}: ${label} · ${n} ${kind}`]),
    );
    fillOnce(this.#clusters, [["", "all clusters"], ...clusters], `${choice.cluster ?? ""}`);
    this.#clusters.hidden = !clusters.length;
  }
}

/**
 * Options, made again where they are others.
 *
 * @param {HTMLSelectElement} select
 * @param {[string, string, ...unknown[]][]} options each a value and its words
 * @param {string} value the first one's where there is no such option
 */
const fillOnce = (select, options, value) => {
  const key = JSON.stringify(options.map(([name, words]) => [name, words]));
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    fill(select, ...options.map(([name, words]) => h("option", { value: name }, words)));
  }
  select.value = options.some(([name]) => name === value) ? value : options[0][0];
};
