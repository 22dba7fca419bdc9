// @ts-check
// The effect of interventions through training, with controls.

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
 * @property {string} condition
 * @property {number | null} relative_change of P(answer)
 * @property {number | null} [ci_low] of a relation's facts
 * @property {number | null} [ci_high]
 * @property {number | null} [min_change] of a fact's prompts
 * @property {number | null} [max_change]
 * @property {number} [n_facts]
 * @property {number} [mean_neurons] of a relation's facts
 * @property {number} [n_neurons] of a fact
 * @property {number} factor
 * @property {number} mean_before P(answer)
 * @property {number} mean_after
 */
/** @typedef {"suppress" | "amplify"} Kind */
/** @typedef {"relation" | "fact"} Whose answers */

/** @type {[string, string, string][]} each with its words and its colour */
const CONDITIONS = [
  ["knowledge_neurons", "knowledge neurons", "own"],
  ["random", "random control", "grey"],
  ["activation_matched", "activation-matched control", "blue"],
  ["other_fact", "other-fact control", "orange"],
  ["final_checkpoint", "final-checkpoint neurons", "violet"],
];
const HEIGHT = 163; // pixels of the lines

export class EffectsChart {
  /** @type {Kind} */
  #kind = "suppress";
  /** @type {Whose} */
  #whose = "relation";
  #note = h("span", { class: "kn-faint" });
  #chart = new LineChart({
    title: "Effect of interventions, with controls",
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
      this.#whose === "fact" ? "range over prompts" : "95 % interval over the relation's facts";
    this.#note.textContent = `relative change of P(answer); band: ${band}`;
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
      "Intervention",
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
      "Facts",
      /** @type {[Whose, string][]} */ ([
        ["relation", "whole relation"],
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
        ? factCall("fact_effects_by_step", this.answer)
        : `FROM relation_effects_by_step(${modelLiteral()}, ${relation})`;
    return `${call}\nWHERE kind = '${this.#kind}'`;
  }

  #rows() {
    const rows = this.answer()?.effects[this.#whose] ?? [];
    return rows.filter(row => row.kind === this.#kind);
  }

  /** @param {number} i */
  #extra(i) {
    const step = stepNumbers()[i];
    const row = this.#rows().find(r => r.step === step && r.condition === "knowledge_neurons");
    if (!row) return [];
    const facts = this.#whose === "fact" ? "" : ` per fact, ${row.n_facts} facts`;
    const { mean_before: before, mean_after: after } = row;
    return [
      h(
        "div",
        {},
        `${number(row.mean_neurons ?? row.n_neurons)} neurons${facts}, ×${number(row.factor)}`,
      ),
      h("div", {}, `mean P(answer) ${number(before)}, after the intervention ${number(after)}`),
    ];
  }

  /** @returns {import("../chart/lines.js").Lines} */
  #lines() {
    const rows = this.#rows();
    const last = stepNumbers().at(-1);
    const isThere = (/** @type {string} */ condition) => rows.some(r => r.condition === condition);
    const nothing =
      this.#whose === "fact"
        ? "This fact has no knowledge neurons at any step."
        : "No interventions on this relation.";
    return {
      max: 0.1,
      min: -0.1,
      none: this.info()?.missing.knowledge ?? nothing,
      series: CONDITIONS.filter(([condition]) => isThere(condition)).map(
        ([condition, name, colour]) => {
          const own = rows.filter(r => r.condition === condition);
          // At the final checkpoint they are the knowledge neurons.
          if (condition === "final_checkpoint") {
            own.push(...rows.filter(r => r.condition === "knowledge_neurons" && r.step === last));
          }
          return {
            name,
            colour,
            values: byStep(own, r => r.relative_change),
            low: byStep(own, r => r.ci_low ?? r.min_change ?? null),
            high: byStep(own, r => r.ci_high ?? r.max_change ?? null),
          };
        },
      ),
    };
  }
}
