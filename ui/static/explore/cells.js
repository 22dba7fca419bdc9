// @ts-check
// The neurons that fired at a token, a row for each layer, as cells on a canvas.

import { context2d, cssColour, fitCanvas } from "../page/canvas.js";
import { fill, h } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";
import { byIndex, indexWidth, inOrder, layout, top, under } from "./cell_rows.js";
import { paintCell } from "./paint_cell.js";

/** @typedef {import("../page/prompt.js").Prompt} Prompt */
/** @typedef {import("./cell_rows.js").Placed} Placed */
/** @typedef {{ layer: number, index: number }} Cell a layer and a place among its cells */

/** @type {Record<string, [number, number]>} layers and cells that a key moves by */
const KEYS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [1, 0],
  ArrowDown: [-1, 0],
};

export class CellGrid {
  /** @type {import("./judge.js").Judge | null} */
  judge = null;
  /** @type {Placed[][]} those drawn, by layer */
  #cells = [];
  /** @type {Cell | null} under the keyboard */
  #cursor = null;
  #place = { width: 0, room: 0, isCoarse: false };
  #layout = layout({ ...this.#place, nLayers: 0, busy: 1 });
  #colours = { positive: [0, 0, 0], negative: [0, 0, 0], ink: "" };
  canvas = h("canvas", {
    class: "kn-cells",
    tabindex: "0",
    role: "application",
    "aria-label": "Fired neurons by layer. Arrow keys move, Enter selects a neuron.",
  });
  node = h("div", { class: "kn-canvas" }, this.canvas);
  counts = h("div", { class: "kn-counts", "aria-label": "Number of neurons that fired" });

  /** @param {(words: string) => void} say tells a screen reader */
  constructor(say) {
    this.say = say;
    const { canvas } = this;
    canvas.addEventListener("mousemove", event => this.#point(event));
    canvas.addEventListener("mouseleave", hideTip);
    canvas.addEventListener("click", event => {
      const cell = this.#under(event);
      if (cell) this.#choose(cell);
    });
    canvas.addEventListener("blur", () => {
      hideTip();
      this.paint();
    });
    canvas.addEventListener("keydown", event => this.#key(event));
  }

  /** @param {Prompt} prompt */
  begin(prompt) {
    this.#cursor = null;
    // Room for "12 of 34" at each token: a column that moves has all cells laid out anew.
    this.counts.style.minWidth = `${2 * String(prompt.most).length + 2.6}ch`;
    if (this.counts.childElementCount === prompt.nLayers) return;
    const line = (/** @type {number} */ i) => h("span", { "data-layer": prompt.nLayers - 1 - i });
    fill(this.counts, ...Array.from({ length: prompt.nLayers }, (_, i) => line(i)));
  }

  /**
   * What only a new size or a new prompt changes: asking for it at each token would cost a layout.
   *
   * @param {number} room pixels for all rows, 0: as many as they take
   */
  measure(room) {
    if (!store.prompt) return this.#layout;
    const isCoarse = matchMedia("(pointer: coarse)").matches || window.innerWidth < 600;
    this.#place = { width: this.node.clientWidth, room, isCoarse };
    this.#colours = {
      positive: cssColour("--kn-positive"),
      negative: cssColour("--kn-negative"),
      ink: getComputedStyle(this.canvas).color,
    };
    this.again();
    return this.#layout;
  }

  /**
   * Sizes for the prompt on screen, in the place that was measured.
   *
   * @returns {boolean} whether there is one, and as many rows as high as before in it
   */
  again() {
    if (!store.prompt) return false;
    const { nLayers, busy } = store.prompt;
    const before = this.#layout;
    this.#layout = layout({ ...this.#place, nLayers, busy });
    const { width, row, line, cell } = this.#layout;
    Object.assign(this.canvas.dataset, { row, line, cell });
    return width > 0 && row === before.row && nLayers === before.nLayers;
  }

  /** Whether its place has another width than was measured. */
  isResized() {
    return Math.abs(this.node.clientWidth - this.#layout.width) > 1;
  }

  paint() {
    const { prompt } = store;
    if (!prompt || !this.judge) return;
    const { width, row } = this.#layout;
    const height = row * prompt.nLayers;
    if (!fitCanvas(this.canvas, width, height)) return;
    const ratio = this.canvas.width / width;
    const context = context2d(this.canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#cells = Array.from({ length: prompt.nLayers }, (_, layer) =>
      this.#paintRow(context, prompt, layer),
    );
    const { layer } = store.state;
    if (layer !== null) this.#frame(context, { layer, index: this.#indexOf(layer) }, 2);
    const hasFocus = document.activeElement === this.canvas;
    if (this.#cursor && hasFocus) this.#frame(context, this.#cursor, 1);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Prompt} prompt
   * @param {number} layer
   * @returns {Placed[]} what was drawn
   */
  #paintRow(context, prompt, layer) {
    const judge = /** @type {import("./judge.js").Judge} */ (this.judge);
    const fired = prompt.fired(store.state.token ?? 0, layer);
    const sorted = judge.sort(fired, layer);
    const placed =
      judge.by === "index"
        ? byIndex(this.#layout, layer, sorted, store.atlas?.n_neurons ?? 1)
        : inOrder(this.#layout, layer, sorted); // the first have room: a narrow row keeps them
    const { width, height } = this.#size();
    for (const { cell, x, y } of placed) {
      const share = judge.share(cell, layer);
      paintCell(context, { x, y, width, height }, share, this.#colours);
    }
    const [shown, all] = [placed.length, fired.length];
    const count = this.counts.children[prompt.nLayers - 1 - layer];
    count.textContent = shown < all ? `${shown} of ${all}` : String(all);
    return placed;
  }

  #size() {
    const { cell, line, row } = this.#layout;
    const isByIndex = this.judge?.by === "index";
    return { width: isByIndex ? indexWidth(this.#layout) : cell, height: isByIndex ? row : line };
  }

  /** @param {number} layer where the neuron on screen is among its cells, -1: nowhere */
  #indexOf(layer) {
    const { neuron } = store.state;
    return this.#cells[layer]?.findIndex(({ cell }) => cell.neuron === neuron) ?? -1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Cell} at with an index of -1 for one that isn't drawn
   * @param {number} thickness
   */
  #frame(context, { layer, index }, thickness) {
    const place = this.#cells[layer]?.[index];
    if (!place) return;
    const { width, height } = this.#size();
    context.lineWidth = thickness;
    context.strokeStyle = this.#colours.ink;
    context.strokeRect(place.x - 0.5, place.y + 0.5, width, height - 1);
  }

  // -- hands ----------------------------------------------------------------------------------

  /**
   * @param {MouseEvent} event
   * @returns {Cell | null}
   */
  #under(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const layer = this.#cells.findIndex((_, i) => {
      const from = top(this.#layout, i);
      return y >= from && y < from + this.#layout.row;
    });
    const { width, height } = this.#size();
    const found = layer < 0 ? null : under(this.#cells[layer], x, y, width, height);
    return found && { layer, index: this.#cells[layer].indexOf(found) };
  }

  /** @param {Cell} at */
  #words({ layer, index }) {
    const { cell } = this.#cells[layer][index];
    return `layer ${layer} · neuron ${cell.neuron} · ${this.judge?.words(cell, layer)}`;
  }

  /** @param {Cell} at */
  #choose({ layer, index }) {
    go({ layer, neuron: this.#cells[layer][index].cell.neuron });
  }

  /** @param {MouseEvent} event */
  #point(event) {
    const cell = this.#under(event);
    this.canvas.style.cursor = cell ? "pointer" : "default";
    if (cell) showTip(event.clientX, event.clientY, this.#words(cell));
    else hideTip();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#cells.length) return;
    if (event.key in KEYS) {
      event.preventDefault();
      const cell = this.#beside(this.#cursor ?? this.#start(), KEYS[event.key]);
      if (!cell) return;
      this.#cursor = cell;
      this.paint();
      this.say(this.#words(cell));
    } else if (event.key === "Enter" && this.#cursor) {
      this.#choose(this.#cursor);
      event.preventDefault();
    }
  }

  /** Where the keyboard begins: at the neuron on screen. */
  #start() {
    const layer = store.state.layer ?? 0;
    return { layer, index: Math.max(0, this.#indexOf(layer)) };
  }

  /**
   * The next cell in a direction: layers in which none fired are passed over.
   *
   * @param {Cell} from
   * @param {[number, number]} direction
   * @returns {Cell | null}
   */
  #beside(from, [up, right]) {
    let layer = from.layer + up;
    while (this.#cells[layer] && !this.#cells[layer].length) layer += up || 1;
    const row = this.#cells[layer];
    return row && { layer, index: Math.max(0, Math.min(row.length - 1, from.index + right)) };
  }
}
