// @ts-check
// What changing neurons does through training, beside the controls.

import { LineChart } from "../chart/lines.js";
import { h, toggle } from "../page/dom.js";
import { change, number } from "../page/format.js";
import { literal, modelLiteral } from "../page/sql.js";
import { stepNumbers, toStep } from "../page/steps.js";
import { byStep } from "./by_step.js";
import { factCall } from "./fact_charts.js";

/**
 * A row of the effects at a step.
 *
 * @typedef {object} EffectRow
 * @property {number} step
 * @property {Kind} kind
 * @property {string} control
 * @property {number | null} ratio change of P(answer) over P before
 * @property {number | null} low
 * @property {number | null} high
 * @property {number} n facts
 * @property {number} n_neurons
 * @property {number} factor
 * @property {number} before mean P(answer)
 * @property {number} after
 */
/** @typedef {"suppress" | "amplify"} Kind */
/** @typedef {"relation" | "fact"} Whose answers */

/** @type {[string, string, string][]} each with its words and its colour */
const CONTROLS = [
  ["refined", "its own neurons", "own"],
  ["random", "random", "grey"],
  ["matched", "equally active", "blue"],
  ["unrelated", "on another fact", "orange"],
  ["final", "the last step's", "violet"],
];
const HEIGHT = 163; // pixels of the lines

export class EffectsChart {
  /** @type {Kind} */
  #kind = "suppress";
  /** @type {Whose} */
  #whose = "relation";
  #note = h("span", { class: "kn-faint" });
  #chart = new LineChart({
    title: "Changing neurons, beside the controls",
    height: HEIGHT,
    onpick: toStep,
    format: change,
    sql: () => this.#query(),
    extra: i => this.#extra(i),
    data: () => this.#lines(),
  });

  /**
   * @param {() => import("./fact.js").FactAnswer | null} answer what is on screen
   * @param {() => import("./training.js").Info | null} info
   */
  constructor(answer, info) {
    this.answer = answer;
    this.info = info;
    this.node = h("div", { class: "kn-whole" }, this.#tools(), this.#chart.node);
  }

  show() {
    const band =
      this.#whose === "fact"
        ? "the least to the most changed wording"
        : "95 % interval over the relation's facts";
    this.#note.textContent = `change of P(answer) over P before; band: ${band}`;
    this.#chart.show(stepNumbers());
  }

  /** @param {number} i */
  mark(i) {
    this.#chart.mark(i);
  }

  #tools() {
    const draw = () => {
      if (this.answer()) this.show();
    };
    const kinds = toggle(
      "What is done to the neurons",
      /** @type {[Kind, string][]} */ ([
        ["suppress", "suppress ×0"],
        ["amplify", "amplify"],
      ]),
      this.#kind,
      value => {
        this.#kind = value;
        draw();
      },
    );
    const whose = toggle(
      "Whose answers",
      /** @type {[Whose, string][]} */ ([
        ["relation", "all of its relation"],
        ["fact", "this fact"],
      ]),
      this.#whose,
      value => {
        this.#whose = value;
        draw();
      },
    );
    return h("div", { class: "kn-tools" }, kinds, whose, this.#note);
  }

  #query() {
    const relation = literal(this.answer()?.fact.relation ?? "all");
    const call =
      this.#whose === "fact"
        ? factCall("fact_effects", this.answer)
        : `FROM relation_effects(${modelLiteral()}, ${relation})`;
    return `${call}\nWHERE kind = '${this.#kind}'`;
  }

  #rows() {
    const rows = this.answer()?.effects[this.#whose] ?? [];
    return rows.filter(row => row.kind === this.#kind);
  }

  /** @param {number} i */
  #extra(i) {
    const step = stepNumbers()[i];
    const row = this.#rows().find(r => r.step === step && r.control === "refined");
    if (!row) return [];
    const facts = this.#whose === "fact" ? "" : ` a fact, ${row.n} facts`;
    const { before, after } = row;
    return [
      h("div", {}, `${number(row.n_neurons)} neurons${facts}, ×${number(row.factor)}`),
      h(
        "div",
        {},
        `mean P(answer) ${number(before)}, with its own neurons changed ${number(after)}`,
      ),
    ];
  }

  /** @returns {import("../chart/lines.js").Lines} */
  #lines() {
    const rows = this.#rows();
    const last = stepNumbers().at(-1);
    const isThere = (/** @type {string} */ control) => rows.some(r => r.control === control);
    const nothing =
      this.#whose === "fact"
        ? "This fact has no knowledge neurons at any step."
        : "No interventions on this relation.";
    return {
      max: 0.1,
      min: -0.1,
      none: this.info()?.missing.knowledge ?? nothing,
      series: CONTROLS.filter(([control]) => isThere(control)).map(([control, name, colour]) => {
        const own = rows.filter(r => r.control === control);
        // At the last step they are its own.
        if (control === "final") {
          own.push(...rows.filter(r => r.control === "refined" && r.step === last));
        }
        return {
          name,
          colour,
          values: byStep(own, r => r.ratio),
          low: byStep(own, r => r.low),
          high: byStep(own, r => r.high),
        };
      }),
    };
  }
}
