// @ts-check
// The whole prompt at a glance: layers by tokens. What is drawn is kept as a picture, so that a moved
// token only moves a frame over it.

import { context2d, cssColour, fitCanvas } from "../page/canvas.js";
import { logits } from "../page/contributions.js";
import { bdi, fill, h } from "../page/dom.js";
import { number, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";
import { grid, placeAt, rawSums } from "./overview_grid.js";
import { shadeOf } from "./paint_cell.js";

/** @typedef {{ token: number, layer: number }} Place */

const MARGIN = 22; // pixels at the left, for the numbers of layers
const SIGNED = 5; // pixels from which a cell has room for a minus sign

export class Overview {
  #picture = document.createElement("canvas");
  /** @type {((position: number, layer: number) => number) | null} */
  #value = null;
  #full = 1;
  #isRaw = true;
  #layer = 0; // under the keyboard
  #style = { ink: "", font: "" };
  #size = { width: 0, height: 0 };
  #title = h("span", {});
  #legend = h("span", { class: "kn-legend" });
  canvas = h("canvas", { class: "kn-overview", tabindex: "0", role: "application" });
  node = h(
    "div",
    { class: "kn-whole" },
    h("div", { class: "kn-over" }, this.#title, this.#legend),
    this.canvas,
  );

  /**
   * @param {(words: string) => void} say tells a screen reader
   * @param {(place: Place) => void} choose a token and a layer were chosen
   */
  constructor(say, choose) {
    this.say = say;
    this.choose = choose;
    const { canvas } = this;
    canvas.addEventListener("mousemove", event => {
      const place = this.#at(event);
      showTip(event.clientX, event.clientY, ...this.#tip(place));
    });
    canvas.addEventListener("mouseleave", hideTip);
    canvas.addEventListener("click", event => this.#choose(this.#at(event)));
    canvas.addEventListener("focus", () => {
      this.#layer = store.state.layer ?? 0;
      this.paint();
    });
    canvas.addEventListener("blur", () => this.paint());
    canvas.addEventListener("keydown", event => this.#key(event));
  }

  /** Another prompt, or its contributions, are here. */
  show() {
    const { prompt, target } = store;
    if (!prompt) return;
    const { data } = target;
    this.#isRaw = !data;
    this.#value = data ? data.layer : rawSums(prompt);
    this.#full = data ? data.full.layer : rawFull(this.#value, prompt);
    const words = "All layers and tokens. Arrow keys move, Enter selects.";
    this.canvas.setAttribute("aria-label", words);
    const what = data
      ? "all layers and tokens: contributions"
      : "all layers and tokens: what fired, in thresholds";
    fill(this.#title, what);
    const ramp = (/** @type {string} */ kind) => h("span", { class: kind, "aria-hidden": "true" });
    const full = data ? `${number(this.#full)} logit a layer` : number(this.#full);
    fill(this.#legend, data && ramp("kn-ramp kn-minus"), "0", ramp("kn-ramp"), full);
    this.#draw();
    this.paint();
  }

  /** @param {number} height for it, in pixels */
  measure(height) {
    const width = this.canvas.parentElement?.clientWidth ?? 0;
    if (width === this.#size.width && height === this.#size.height) return;
    this.#size = { width, height };
    fitCanvas(this.canvas, width, height); // what stands under it is measured next
    this.#draw();
  }

  /** Draw the picture: on a new prompt, size or colours alone. */
  #draw() {
    const { prompt } = store;
    const { width, height } = this.#size;
    if (!prompt || !this.#value || width <= MARGIN) return;
    const { tokens, nLayers } = prompt;
    if (!fitCanvas(this.#picture, width - MARGIN, height)) return;
    const context = context2d(this.#picture);
    const across = this.#picture.width;
    const down = this.#picture.height;
    context.clearRect(0, 0, across, down);
    const { columns, values } = grid(this.#value, tokens.length, nLayers, across);
    const [positive, negative] = [cssColour("--kn-positive"), cssColour("--kn-negative")];
    const [w, tall] = [across / columns, down / nLayers];
    const gap = tall >= 4 ? 1 : 0;
    const { color: ink, fontFamily } = getComputedStyle(this.canvas);
    this.#style = { ink, font: `10px ${fontFamily}` };
    values.forEach((value, i) => {
      if (!value) return;
      const share = value / this.#full;
      context.fillStyle = shadeOf(value < 0 ? negative : positive, share);
      const x = Math.round((i % columns) * w);
      const y = Math.round(down - (Math.floor(i / columns) + 1) * tall);
      const right = Math.round(((i % columns) + 1) * w);
      const bottom = Math.round(down - Math.floor(i / columns) * tall);
      context.fillRect(x, y, Math.max(1, right - x - (w >= 5 ? 1 : 0)), bottom - y - gap);
      if (value < 0 && w >= SIGNED && tall >= SIGNED && Math.abs(share) > 0.02) {
        context.fillStyle = ink;
        context.fillRect(x + w / 4, Math.round((y + bottom - gap) / 2), Math.max(2, w / 2.5), 1);
      }
    });
  }

  /** Colours have changed. */
  recolour() {
    this.#draw();
    this.paint();
  }

  paint() {
    const { prompt, state } = store;
    const { width, height } = this.#size;
    if (!prompt || !fitCanvas(this.canvas, width, height)) return;
    const ratio = this.canvas.width / width;
    const context = context2d(this.canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#picture, MARGIN, 0, width - MARGIN, height);
    context.strokeStyle = context.fillStyle = this.#style.ink;
    const w = (width - MARGIN) / prompt.tokens.length;
    const tall = height / prompt.nLayers;
    const x = MARGIN + (state.token ?? 0) * w;
    context.lineWidth = 2;
    context.strokeRect(x, 1, Math.max(3, w), height - 2);
    const hasFocus = document.activeElement === this.canvas;
    const layer = hasFocus ? this.#layer : state.layer;
    if (layer !== null) {
      const y = height - (layer + 1) * tall;
      context.strokeRect(x, y, Math.max(3, w), Math.max(3, tall));
    }
    context.font = this.#style.font;
    context.textAlign = "right";
    for (const [label, y] of [
      [prompt.nLayers - 1, 9],
      [0, height - 1],
    ]) {
      context.fillText(String(label), MARGIN - 5, y);
    }
  }

  // -- hands ----------------------------------------------------------------------------------

  /**
   * @param {MouseEvent} event
   * @returns {Place}
   */
  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - MARGIN) / (box.width - MARGIN);
    const y = (event.clientY - box.top) / box.height;
    return placeAt(x, y, store.prompt?.tokens.length ?? 1, store.prompt?.nLayers ?? 1);
  }

  /** @param {Place} place */
  #tip({ token, layer }) {
    const { prompt, target } = store;
    if (!prompt || !this.#value) return [];
    const { data } = target;
    const words = this.#isRaw
      ? `${number(this.#value(token, layer))} thresholds`
      : `attention ${logits(data?.attention(token, layer) ?? 0)}, MLP ${logits(data?.mlp(token, layer) ?? 0)}`;
    const here = `layer ${layer} · token ${token + 1} of ${prompt.tokens.length} `;
    return [here, h("b", {}, bdi(quoted(prompt.tokens[token]))), h("div", {}, words)];
  }

  /** @param {Place} place */
  #choose(place) {
    this.#layer = place.layer;
    this.choose(place);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { prompt, state } = store;
    if (!prompt) return;
    const token = state.token ?? 0;
    /** @type {Record<string, [number, number]>} tokens and layers that a key moves by */
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const move = moves[event.key];
    if (event.key === "Enter") this.#choose({ token, layer: this.#layer });
    else if (!move) return;
    event.preventDefault();
    if (!move) return;
    this.#layer = Math.max(0, Math.min(prompt.nLayers - 1, this.#layer + move[1]));
    const to = Math.max(0, Math.min(prompt.tokens.length - 1, token + move[0]));
    if (to === token) this.paint();
    else go({ token: to });
    this.say(this.#tip({ token: to, layer: this.#layer }).map(plain).join(" "));
  }
}

/** @param {Node | string} part */
const plain = part => (typeof part === "string" ? part : part.textContent);

/**
 * The 98th percentile, attention sinks aside.
 *
 * @param {(position: number, layer: number) => number} value
 * @param {import("../page/prompt.js").Prompt} prompt
 */
const rawFull = (value, { tokens, nLayers, sinks }) => {
  const all = tokens.flatMap((_, position) =>
    sinks.includes(position) ? [] : Array.from({ length: nLayers }, (__, l) => value(position, l)),
  );
  const sorted = Float32Array.from(all).sort();
  return sorted[Math.floor(0.98 * sorted.length)] || 1;
};
