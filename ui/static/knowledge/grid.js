// @ts-check
// The neurons that an answer is attributed to, a row for each layer, highest score first.

import { bdi, fill, h } from "../page/dom.js";
import { integer, number, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { on, store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";

/**
 * @typedef {object} Cell
 * @property {number} layer
 * @property {number} neuron
 * @property {number} score
 * @property {number} share of the prompts with a score over the floor
 * @property {boolean} inSet whether it is a knowledge neuron, or in the coarse set of a live run
 * @property {number} [activation] of a live run
 * @property {string[]} [promotes]
 */
/**
 * What a grid shows: `cells` have the highest score first.
 *
 * @typedef {{ cells: Cell[], nLayers: number, nPrompts: number, set: string }} Content
 */

const EDGES = 84; // pixels beside the cells

/**
 * Pixels of a neuron with its gap, so that a deep model's grid still leaves room for the rest.
 *
 * @param {number} layers
 */
const cellSize = layers => {
  if (layers <= 12) return 21;
  return layers <= 24 ? 17 : 14;
};

/** @param {HTMLElement} parent */
const buttonsOf = parent =>
  /** @type {HTMLElement[]} */ ([...parent.querySelectorAll(".kn-neuron")]);

export class NeuronGrid {
  /** @type {Content} */
  #content = { cells: [], nLayers: 0, nPrompts: 0, set: "" };
  /** @type {Set<number>} the layers of which all are shown */
  #whole = new Set();
  #width = 0;
  node = h("div", {
    class: "kn-grid",
    role: "group",
    "aria-label": "Neurons by layer. Arrow keys move, Enter selects.",
  });

  constructor() {
    this.node.addEventListener("keydown", event => this.#key(event));
    on("neuron-asked", () => this.#mark());
    new ResizeObserver(() => {
      if (Math.abs(this.node.clientWidth - this.#width) < 2) return;
      this.#width = this.node.clientWidth;
      if (this.#content.cells.length) this.#draw();
    }).observe(this.node);
  }

  /** @param {Content} content */
  show(content) {
    this.#content = content;
    this.#whole.clear();
    this.#draw();
  }

  /** One line a layer, as many as it takes for those that are opened. */
  #draw() {
    const { cells, nLayers } = this.#content;
    const scale = Math.max(...cells.map(c => c.score), 1e-12);
    const size = cellSize(nLayers);
    this.node.style.setProperty("--cell", `${size - 2}px`);
    const room = Math.max(4, Math.floor((this.node.clientWidth - EDGES) / size));
    /** @type {HTMLElement[][]} */
    const rows = Array.from({ length: nLayers }, () => []);
    cells.forEach((cell, i) => rows[cell.layer]?.push(this.#button(cell, i, scale)));
    fill(
      this.node,
      rows.flatMap((row, layer) => this.#row(row, layer, room)),
    );
    const [first] = buttonsOf(this.node);
    if (first) first.tabIndex = 0;
    this.#mark();
  }

  /**
   * @param {HTMLElement[]} buttons
   * @param {number} layer
   * @param {number} room cells of a line
   */
  #row(buttons, layer, room) {
    const shown = this.#whole.has(layer) ? buttons : buttons.slice(0, room);
    const count =
      buttons.length > room
        ? this.#more(layer, shown.length, buttons.length)
        : String(buttons.length || "");
    return [
      h("span", { class: "kn-no" }, String(layer)),
      h("div", { class: "kn-layer-cells", "data-layer": layer }, ...shown),
      h("span", { class: "kn-counts" }, count),
    ];
  }

  /**
   * @param {number} layer
   * @param {number} shown
   * @param {number} all
   */
  #more(layer, shown, all) {
    const isWhole = this.#whole.has(layer);
    const act = isWhole ? "show fewer" : "show all";
    const turn = () => {
      if (!this.#whole.delete(layer)) this.#whole.add(layer);
      this.#draw();
      /** @type {HTMLElement | null} */
      const drawn = this.node.querySelector(`[data-more="${layer}"]`);
      drawn?.focus();
    };
    return h(
      "button",
      {
        type: "button",
        class: "kn-sql",
        "aria-expanded": String(isWhole),
        "aria-label": `Layer ${layer}: ${all} neurons, ${act}`,
        onclick: turn,
        "data-more": layer,
      },
      isWhole ? "fewer" : `${shown} of ${integer(all)}`,
    );
  }

  /**
   * @param {Cell} cell
   * @param {number} i
   * @param {number} scale
   */
  #button(cell, i, scale) {
    const { layer, neuron, score, inSet } = cell;
    const tell = (/** @type {MouseEvent} */ event) =>
      showTip(event.clientX, event.clientY, ...this.#words(cell));
    const set = inSet ? `, ${this.#content.set}` : "";
    const button = h("button", {
      type: "button",
      class: inSet ? "kn-neuron kn-in-set" : "kn-neuron",
      "data-i": i,
      tabindex: "-1",
      "aria-label": `Layer ${layer}, neuron ${neuron}, score ${number(score)}${set}`,
      style: `--w:${(0.1 + 0.9 * Math.max(0, score / scale)).toFixed(3)}`,
      onmousemove: tell,
      onmouseleave: hideTip,
      onblur: hideTip,
      onfocus: () => this.#focus(button, cell),
      onclick: () => go({ layer, neuron }),
    });
    return button;
  }

  /**
   * @param {HTMLElement} button
   * @param {Cell} cell
   */
  #focus(button, cell) {
    for (const other of buttonsOf(this.node)) if (other.tabIndex === 0) other.tabIndex = -1;
    button.tabIndex = 0;
    if (!button.matches(":focus-visible")) return;
    const { right, bottom } = button.getBoundingClientRect();
    showTip(right, bottom, ...this.#words(cell));
  }

  /**
   * @param {Cell} cell
   * @returns {import("../page/dom.js").Child[]}
   */
  #words({ layer, neuron, score, share, activation, inSet, promotes }) {
    const { nPrompts, set } = this.#content;
    const where =
      activation === undefined
        ? `in ${Math.round(share * nPrompts)} of ${nPrompts} prompts`
        : `activation ${number(activation)}`;
    const chips = (promotes ?? []).map(token =>
      h("span", { class: "kn-chip" }, bdi(quoted(token))),
    );
    return [
      h("strong", {}, `layer ${layer} · neuron ${neuron}`),
      h("div", {}, `score ${number(score)} · ${where}`),
      inSet && h("div", {}, set),
      chips.length > 0 && h("div", {}, "promotes ", ...chips),
    ];
  }

  /** Press the neuron on screen. */
  #mark() {
    const { layer, neuron } = store.state;
    for (const button of buttonsOf(this.node)) {
      const cell = this.#content.cells[Number(button.dataset.i)];
      const isHere = cell.layer === layer && cell.neuron === neuron;
      button.setAttribute("aria-pressed", String(isHere));
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const here = /** @type {Element} */ (event.target).closest(".kn-neuron");
    const row = here?.parentElement;
    if (!here || !row) return;
    /** @type {Record<string, () => Element | null | undefined>} */
    const targets = {
      ArrowRight: () => here.nextElementSibling,
      ArrowLeft: () => here.previousElementSibling,
      ArrowUp: () => this.#inRow(row, -1, here),
      ArrowDown: () => this.#inRow(row, 1, here),
    };
    if (!(event.key in targets)) return;
    const to = targets[event.key]();
    if (to instanceof HTMLElement) to.focus();
    event.preventDefault();
  }

  /**
   * The neuron at the same place of another row.
   *
   * @param {Element} row
   * @param {number} by rows that have neurons
   * @param {Element} here
   */
  #inRow(row, by, here) {
    const rows = [...this.node.querySelectorAll(".kn-layer-cells")].filter(r => r.children.length);
    const next = rows[rows.indexOf(row) + by];
    const column = [...row.children].indexOf(here);
    return next?.children[Math.min(column, next.children.length - 1)];
  }
}
