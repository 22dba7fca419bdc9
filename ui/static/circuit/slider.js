// @ts-check
// How many units of a circuit are shown: the numbers that were measured, each a stop.

import { h } from "../page/dom.js";

export class UnitsSlider {
  /** @type {number[]} */
  #sizes = [];
  #input = h("input", { type: "range", min: "0", step: "1", "aria-label": "Units" });
  #place = h("output", {});
  node = h("div", { class: "kn-units-slider" }, this.#input, this.#place);

  /** @param {(n: number) => void} onchange */
  constructor(onchange) {
    this.#input.addEventListener("input", () => onchange(this.#sizes[Number(this.#input.value)]));
  }

  /**
   * @param {number[]} sizes
   * @param {number} n
   */
  show(sizes, n) {
    this.#sizes = sizes;
    this.#input.max = String(Math.max(0, sizes.length - 1));
    this.#input.value = String(sizes.indexOf(n));
    const words = `${n.toLocaleString("en-US")} ${n === 1 ? "unit" : "units"}`;
    this.#input.setAttribute("aria-valuetext", words);
    this.#place.textContent = words;
  }
}
