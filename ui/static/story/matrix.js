// @ts-check
// A fact's neurons by steps: a row for each neuron, green where the answer is attributed to it.

import { LayerStrip } from "../chart/strip.js";
import { fill, h } from "../page/dom.js";
import { integer, number } from "../page/format.js";
import { go } from "../page/navigate.js";
import { stepNumbers } from "../page/steps.js";
import { on, store } from "../page/store.js";
import { reason } from "./reasons.js";
import { factCall, STRIP } from "./strips.js";

/** @typedef {import("./types.d.ts").Story} Story */
/** @typedef {import("./types.d.ts").NeuronStep} NeuronStep */

const ROW = 16; // pixels
const FEW = 16; // rows shown at first

/**
 * The rows of the matrix: each neuron with its score at each step, null where the fact wasn't
 * attributed.
 *
 * @param {NeuronStep[]} neurons
 * @param {number[]} steps
 */
export const matrix = (neurons, steps) => {
  /** @type {Map<number, { layer: number, neuron: number, scores: (number | null)[] }>} */
  const rows = new Map();
  for (const { place, layer, neuron, step, score } of neurons) {
    const row = rows.get(place) ?? { layer, neuron, scores: steps.map(() => null) };
    rows.set(place, row);
    const at = steps.indexOf(step);
    if (at >= 0) row.scores[at] = score;
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
};

export class NeuronMatrix {
  #isWhole = false;
  #names = h("div", { class: "kn-matrix-names" });
  #more = h("button", { type: "button", class: "kn-more", onclick: () => this.#toggle() });
  /** @type {{ layer: number, neuron: number, scores: (number | null)[] }[]} */
  #rows = [];

  /** @param {() => Story | null} answer what is on screen */
  constructor(answer) {
    this.answer = answer;
    this.strip = new LayerStrip({
      ...STRIP,
      title: "Neurons",
      note: "layer/neuron, at the prompt's last token; colour: attribution at that step",
      row: ROW,
      sql: () => factCall("fact_neurons_by_step", answer),
      format: number,
      cellWords: v => (v ? `${number(v)} of P(answer) is attributed to it` : "under the floor"),
      data: () => this.#data(),
    });
    this.strip.node.classList.add("kn-matrix");
    this.strip.node.append(this.#names);
    this.node = h("div", { class: "kn-matrix-box" }, this.strip.node, this.#more);
    on("neuron-asked", () => this.#pressed());
  }

  show() {
    this.#rows = matrix(this.answer()?.neurons ?? [], stepNumbers());
    this.#draw();
  }

  /** @param {number} i */
  mark(i) {
    this.strip.mark(i);
  }

  #toggle() {
    this.#isWhole = !this.#isWhole;
    this.#draw();
  }

  #shown() {
    return this.#isWhole ? this.#rows : this.#rows.slice(0, FEW);
  }

  #draw() {
    const n = this.#rows.length;
    this.#more.hidden = n <= FEW;
    this.#more.textContent = this.#isWhole ? "show fewer" : `show all ${integer(n)} neurons`;
    this.strip.show(stepNumbers());
    fill(this.#names, ...this.#shown().map(nameButton));
    this.#pressed();
  }

  #pressed() {
    const { layer, neuron } = store.state;
    for (const button of this.#names.querySelectorAll("button")) {
      const isHere = button.dataset.neuron === `${layer}/${neuron}`;
      button.setAttribute("aria-pressed", String(isHere));
    }
  }

  /** @returns {import("../chart/strip.js").Strip} */
  #data() {
    const rows = this.#shown();
    const sizes = this.#rows.flatMap(row => row.scores.map(v => Math.abs(v ?? 0)));
    const story = this.answer();
    return {
      values: rows.map(row => row.scores),
      names: rows.map(({ layer, neuron }) => `neuron ${layer}/${neuron}`),
      scale: Math.max(...sizes, 1e-9),
      negative: rows.some(row => row.scores.some(v => (v ?? 0) < 0)),
      absent: "not attributed at this step",
      none: (story && reason(story)?.words) ?? "No neurons.",
      reading: column => {
        const held = column.filter(v => (v ?? 0) > 0).length;
        return `${held} of ${rows.length} with a score`;
      },
    };
  }
}

/** @param {{ layer: number, neuron: number }} row */
const nameButton = ({ layer, neuron }) =>
  h(
    "button",
    {
      type: "button",
      "data-neuron": `${layer}/${neuron}`,
      "aria-label": `Open ${layer}/${neuron}: layer ${layer}, neuron ${neuron}`,
      onclick: () => go({ layer, neuron }),
    },
    `${layer}/${neuron}`,
  );
