// @ts-check
// The attention heads of each layer, as small cells beside the neurons: their contribution to the
// target's logit at the token. There are none until contributions are there.

import { context2d, cssColour, fitCanvas } from "../page/canvas.js";
import { logits } from "../page/contributions.js";
import { h } from "../page/dom.js";
import { store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";
import { opacity } from "./judge.js";
import { shadeOf } from "./paint_cell.js";

/** @typedef {{ layer: number, head: number }} Head */

const ROOM = 0.24; // of the rows' width
const KEYS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [1, 0],
  ArrowDown: [-1, 0],
});

export class HeadCells {
  #cell = 8;
  #row = 18;
  #nHeads = 0;
  #colours = { head: [0, 0, 0], ink: "" };
  /** @type {Head} under the keyboard */
  #cursor = { layer: 0, head: 0 };
  canvas = h("canvas", {
    class: "kn-head-cells",
    tabindex: "0",
    role: "application",
    "aria-label": "Attention heads by layer. Arrow keys move, Enter shows a head’s attention.",
  });
  node = h("div", { class: "kn-head-block", hidden: true }, this.canvas);

  /**
   * @param {(words: string) => void} say tells a screen reader
   * @param {(head: Head) => void} choose
   */
  constructor(say, choose) {
    this.say = say;
    this.choose = choose;
    const { canvas } = this;
    canvas.addEventListener("mousemove", event => {
      const at = this.#at(event);
      if (at) showTip(event.clientX, event.clientY, words(at));
      else hideTip();
    });
    canvas.addEventListener("mouseleave", hideTip);
    canvas.addEventListener("click", event => {
      const at = this.#at(event);
      if (at) this.choose(at);
    });
    canvas.addEventListener("focus", () => {
      this.#cursor = { layer: store.state.layer ?? 0, head: 0 };
      this.paint();
    });
    canvas.addEventListener("blur", () => this.paint());
    canvas.addEventListener("keydown", event => this.#key(event));
  }

  /** Whether there will be heads: as before, until that is known. */
  #isShown() {
    const { data, missing } = store.target;
    if (data) return data.nHeads > 0;
    return !missing && !this.node.hidden;
  }

  /** Whether its place is as it was measured. */
  isMeasured() {
    const { data } = store.target;
    return this.#isShown() !== this.node.hidden && (!data || data.nHeads === this.#nHeads);
  }

  /** @param {number} width of all rows, from which it takes a part. */
  measure(width) {
    const { data } = store.target;
    this.node.hidden = !this.#isShown();
    if (data) this.#nHeads = data.nHeads;
    this.#colours = { head: cssColour("--kn-head"), ink: getComputedStyle(this.canvas).color };
    if (data) this.#cell = Math.max(3, Math.min(11, Math.floor((ROOM * width) / data.nHeads)));
  }

  /** @param {number} row a layer's height */
  paint(row = this.#row) {
    this.#row = row;
    const { prompt } = store;
    const { data } = store.target;
    if (!prompt || this.node.hidden) return;
    const nHeads = this.#nHeads;
    const [width, height] = [nHeads * this.#cell, prompt.nLayers * row];
    if (!fitCanvas(this.canvas, width, height)) return;
    const ratio = this.canvas.width / width;
    const context = context2d(this.canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!data) return;
    const { ink } = this.#colours;
    const tall = Math.min(row - 2, 2 * this.#cell + 4);
    for (let layer = 0; layer < prompt.nLayers; layer++) {
      const y = (prompt.nLayers - 1 - layer) * row + (row - tall) / 2;
      for (let head = 0; head < nHeads; head++) {
        const value = data.head(store.state.token ?? 0, layer, head);
        context.fillStyle = shadeOf(this.#colours.head, value / data.full.head);
        const x = head * this.#cell;
        context.fillRect(x, y, this.#cell - (this.#cell > 4 ? 1 : 0), tall);
        if (value >= 0 || Math.abs(value) < 0.02 * data.full.head) continue;
        context.fillStyle = ink; // a minus sign
        context.globalAlpha = Math.max(0.3, opacity(value / data.full.head));
        context.fillRect(x + 1, Math.round(y + tall / 2), Math.max(1, this.#cell - 3), 1);
        context.globalAlpha = 1;
      }
    }
    if (document.activeElement !== this.canvas) return;
    context.strokeStyle = ink;
    const y = (prompt.nLayers - 1 - this.#cursor.layer) * row;
    context.strokeRect(this.#cursor.head * this.#cell + 0.5, y + 0.5, this.#cell - 1, row - 1);
  }

  /**
   * @param {MouseEvent} event
   * @returns {Head | null}
   */
  #at(event) {
    const { prompt, target } = store;
    const box = this.canvas.getBoundingClientRect();
    const head = Math.floor((event.clientX - box.left) / this.#cell);
    const layer = (prompt?.nLayers ?? 0) - 1 - Math.floor((event.clientY - box.top) / this.#row);
    const isThere = head >= 0 && head < (target.data?.nHeads ?? 0) && layer >= 0;
    return isThere ? { layer, head } : null;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { prompt } = store;
    const { data } = store.target;
    if (!prompt || !data) return;
    const move = KEYS[event.key];
    if (event.key === "Enter") this.choose(this.#cursor);
    else if (!move) return;
    event.preventDefault();
    if (!move) return;
    const { layer, head } = this.#cursor;
    this.#cursor = {
      layer: Math.max(0, Math.min(prompt.nLayers - 1, layer + move[0])),
      head: Math.max(0, Math.min(data.nHeads - 1, head + move[1])),
    };
    this.paint();
    this.say(words(this.#cursor));
  }
}

/** @param {Head} at */
const words = ({ layer, head }) => {
  const value = store.target.data?.head(store.state.token ?? 0, layer, head) ?? 0;
  return `layer ${layer} · head ${head} · ${logits(value)}`;
};
