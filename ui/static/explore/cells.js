// @ts-check
// The neurons that fired at a token, a row for each layer, as cells on a canvas.

import { context2d, cssColour, fitCanvas } from "../page/canvas.js";
import { fill, h } from "../page/dom.js";
import { number } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";

/** @typedef {import("../page/prompt.js").Prompt} Prompt */
/** @typedef {import("../page/prompt.js").Fired} Fired */
/** @typedef {"strength" | "index"} Order of the neurons in a row */
/** @typedef {"layer" | "global"} Scaling of the colours */
/** @typedef {{ layer: number, index: number }} Cell */

const GAP = 1;
const WIDE_PAGE = 1100; // pixels from which panes are side by side
/** @type {Record<string, [number, number]>} layers and cells that a key moves by */
const KEYS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export class CellGrid {
  /** @type {Order} */
  order = "strength";
  /** @type {Scaling} */
  scaling = "layer";
  /** @type {Fired[][]} those drawn, by layer */
  #cells = [];
  /** @type {Cell | null} under the keyboard */
  #cursor = null;
  #cellWidth = 10;
  #rowHeight = 18;
  #width = 0;
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
    fill(this.counts, ...Array.from({ length: prompt.nLayers }, () => h("span", {})));
  }

  /**
   * What only a new size or a new prompt changes: asking for it at each token would cost a layout.
   *
   * @param {HTMLElement} pane
   * @param {HTMLElement} rows that the canvas is one of
   * @param {HTMLElement} foot what is under them
   */
  measure(pane, rows, foot) {
    if (!store.prompt) return;
    const { nLayers, busy } = store.prompt;
    this.#width = this.node.clientWidth;
    const isWide = window.innerWidth >= WIDE_PAGE;
    const room = isWide ? pane.clientHeight - rows.offsetTop - foot.offsetHeight - 14 : 0;
    // Where panes are side by side a deep model's rows get small rather than leave the screen.
    this.#rowHeight = room ? Math.max(10, Math.min(24, Math.floor(room / nLayers))) : 14;
    rows.style.setProperty("--row", `${this.#rowHeight}px`);
    const cell = Math.floor(this.#width / Math.max(1, busy));
    this.#cellWidth = Math.max(7, Math.min(20, cell));
    this.#colours = {
      positive: cssColour("--kn-positive"),
      negative: cssColour("--kn-negative"),
      ink: getComputedStyle(this.canvas).color,
    };
  }

  /** Whether its place has another width than was measured. */
  isResized() {
    return Math.abs(this.node.clientWidth - this.#width) > 1;
  }

  paint() {
    const { prompt } = store;
    if (!prompt) return;
    const height = this.#rowHeight * prompt.nLayers;
    if (!fitCanvas(this.canvas, this.#width, height)) return;
    const ratio = this.canvas.width / this.#width;
    const context = context2d(this.canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#width, height);
    this.#cells = Array.from({ length: prompt.nLayers }, (_, layer) =>
      this.#paintRow(context, prompt, layer),
    );
    const { layer, neuron } = store.state;
    if (layer !== null) {
      const index = this.#cells[layer]?.findIndex(cell => cell.neuron === neuron) ?? -1;
      this.#frame(context, { layer, index }, 2);
    }
    const hasFocus = document.activeElement === this.canvas;
    if (this.#cursor && hasFocus) this.#frame(context, this.#cursor, 1);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Prompt} prompt
   * @param {number} layer
   * @returns {Fired[]} what was drawn
   */
  #paintRow(context, prompt, layer) {
    const fired = prompt.fired(store.state.token ?? 0, layer);
    // the strongest are first: a narrow row keeps them
    const cells = fired.slice(0, Math.floor((this.#width - 2) / this.#cellWidth));
    if (this.order === "index") cells.sort((a, b) => a.neuron - b.neuron);
    const scale = this.scaling === "layer" ? prompt.scale(layer) : prompt.globalScale;
    const [width, height] = [this.#cellWidth, this.#rowHeight];
    cells.forEach(({ activation }, i) => {
      const [r, g, b] = activation < 0 ? this.#colours.negative : this.#colours.positive;
      const alpha = 0.12 + 0.88 * Math.min(1, Math.abs(activation) / scale) ** 1.5;
      context.fillStyle = `rgba(${r},${g},${b},${alpha})`;
      context.fillRect(1 + i * width, layer * height + 1, width - GAP, height - 2);
    });
    const [shown, all] = [cells.length, fired.length];
    this.counts.children[layer].textContent = shown < all ? `${shown} of ${all}` : String(all);
    return cells;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Cell} cell with an index of -1 for one that isn't drawn
   * @param {number} thickness
   */
  #frame(context, { layer, index }, thickness) {
    if (index < 0) return;
    const [width, height] = [this.#cellWidth, this.#rowHeight];
    context.lineWidth = thickness;
    context.strokeStyle = this.#colours.ink;
    context.strokeRect(0.5 + index * width, layer * height + 0.5, width, height - 1);
  }

  // -- hands ----------------------------------------------------------------------------------

  /**
   * @param {MouseEvent} event
   * @returns {Cell | null}
   */
  #under(event) {
    const box = this.canvas.getBoundingClientRect();
    const layer = Math.floor((event.clientY - box.top) / this.#rowHeight);
    const index = Math.floor((event.clientX - box.left - 1) / this.#cellWidth);
    return this.#cells[layer]?.[index] ? { layer, index } : null;
  }

  /** @param {Cell} cell */
  #words({ layer, index }) {
    const { neuron, activation } = this.#cells[layer][index];
    const threshold = store.prompt?.thresholds[layer];
    const words = `layer ${layer} · neuron ${neuron} · activation ${number(activation)}`;
    return words + (threshold === undefined ? "" : ` · fires from ${number(threshold)}`);
  }

  /** @param {Cell} cell */
  #choose({ layer, index }) {
    go({ layer, neuron: this.#cells[layer][index].neuron });
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
      const cell = this.#beside(this.#cursor ?? this.#start(), KEYS[event.key]);
      if (!cell) return;
      this.#cursor = cell;
      this.paint();
      this.say(this.#words(cell));
      event.preventDefault();
    } else if (event.key === "Enter" && this.#cursor) {
      this.#choose(this.#cursor);
      event.preventDefault();
    }
  }

  /** Where the keyboard begins: at the neuron on screen. */
  #start() {
    const { layer, neuron } = store.state;
    const index = this.#cells[layer ?? -1]?.findIndex(cell => cell.neuron === neuron) ?? -1;
    return { layer: layer ?? 0, index: Math.max(0, index) };
  }

  /**
   * The next cell in a direction: layers in which none fired are passed over.
   *
   * @param {Cell} from
   * @param {[number, number]} direction
   * @returns {Cell | null}
   */
  #beside(from, [down, right]) {
    let layer = from.layer + down;
    while (this.#cells[layer] && !this.#cells[layer].length) layer += down || 1;
    const row = this.#cells[layer];
    return row && { layer, index: Math.max(0, Math.min(row.length - 1, from.index + right)) };
  }
}
