// @ts-check
// The lines through all strips: milestones with their labels, and the step on screen.

import { fill, h } from "../page/dom.js";
import { integer } from "../page/format.js";
import { stepScale } from "../page/scale.js";
import { stepNumbers, toStep } from "../page/steps.js";
import { labelRows, marks } from "./milestones.js";

const LINE = 15; // pixels of a row of labels

export class Rules {
  /** @type {import("./milestones.js").Mark[]} */
  #marks = [];
  #lines = h("div", { class: "kn-rules", "aria-hidden": "true" });
  #handle = h("i", { class: "kn-rule kn-rule-here" });
  /** The labels of milestones, over the strips. */
  labels = h("div", { class: "kn-milestones", role: "group", "aria-label": "Milestones" });
  node = this.#lines;

  constructor() {
    new ResizeObserver(() => this.#place()).observe(this.labels);
  }

  /** @param {import("./types.d.ts").Milestones | null} milestones */
  show(milestones) {
    this.#marks = marks(milestones);
    const { place } = this.#scale();
    const lines = this.#marks.map(({ step }) =>
      h("i", { class: "kn-rule", style: `--at:${place(step)}` }),
    );
    fill(this.#lines, ...lines, this.#handle);
    fill(this.labels, ...this.#marks.map(label));
    this.#place();
  }

  /** @param {number} i */
  mark(i) {
    const steps = stepNumbers();
    this.#handle.hidden = i < 0 || i >= steps.length;
    if (!this.#handle.hidden) this.#handle.style.setProperty("--at", String(this.#scale().at(i)));
  }

  #scale() {
    const steps = stepNumbers();
    return stepScale(steps.length ? steps : [0]);
  }

  #place() {
    const width = this.labels.clientWidth;
    if (!width) return;
    const { place } = this.#scale();
    const all = this.#marks.map(mark => ({ at: place(mark.step), words: words(mark) }));
    const rows = labelRows(all, width);
    this.labels.style.height = `${LINE * (1 + Math.max(-1, ...rows.map(({ row }) => row)))}px`;
    [...this.labels.children].forEach((node, i) => {
      const { style } = /** @type {HTMLElement} */ (node);
      style.left = `${rows[i].left}px`;
      style.top = `${LINE * rows[i].row}px`;
    });
  }
}

/** @param {import("./milestones.js").Mark} mark */
const words = mark => `${mark.words} ${integer(mark.step)}`;

/** @param {import("./milestones.js").Mark} mark */
const label = mark =>
  h(
    "button",
    { type: "button", onclick: () => toStep(stepNumbers().indexOf(mark.step)) },
    h("b", {}, mark.words),
    ` ${integer(mark.step)}`,
  );
