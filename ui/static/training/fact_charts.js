// @ts-check
// The charts of one fact through training.

import { LineChart } from "../chart/lines.js";
import { LayerStrip } from "../chart/strip.js";
import { integer, number } from "../page/format.js";
import { axisTicks } from "../page/scale.js";
import { modelLiteral } from "../page/sql.js";
import { stepNumbers, toStep } from "../page/steps.js";
import { store } from "../page/store.js";
import { byStep } from "./by_step.js";

/** @typedef {import("./fact.js").FactAnswer} FactAnswer */
/** @typedef {() => FactAnswer | null} Answer what is on screen */
/** @typedef {(number | null | undefined)[]} Column */

const NOT_ATTRIBUTED =
  "This fact was attributed at no step: the model doesn't know it, or it wasn't among those asked.";

/**
 * A macro of the fact on screen.
 *
 * @param {string} macro
 * @param {Answer} answer
 */
export const factCall = (macro, answer) =>
  `FROM ${macro}(${modelLiteral()}, ${answer()?.fact.fact_id ?? 0})`;

/** @param {Answer} answer */
export const chanceChart = answer =>
  new LineChart({
    title: "Its answer",
    note: "mean over the wordings",
    format: number,
    onpick: toStep,
    sql: () => factCall("fact_story", answer),
    data: () => {
      const story = answer()?.story ?? [];
      const right = byStep(story, r => `${r.n_right} of ${r.n_wordings}`);
      const shares = byStep(story, r => r.n_right / r.n_wordings);
      return {
        min: 0,
        max: 1,
        tick: String,
        series: [
          { name: "probability", colour: "own", values: byStep(story, r => r.probability) },
          {
            name: "wordings right",
            colour: "blue",
            values: shares,
            words: i => right[i] ?? "",
          },
        ],
      };
    },
  });

/** @param {Answer} answer */
export const rankChart = answer =>
  new LineChart({
    title: "Rank of its answer",
    note: "median over the wordings, 1 is first",
    format: v => integer(Math.round(10 ** v)),
    onpick: toStep,
    data: () => {
      const values = byStep(answer()?.story ?? [], r => Math.log10(r.rank));
      const top = Math.max(1, Math.ceil(Math.max(...values.map(v => v ?? 0))));
      const words = (/** @type {number} */ i) => number(10 ** Number(values[i]));
      return {
        min: 0,
        max: top,
        reversed: true,
        ticks: Array.from({ length: top + 1 }, (_, k) => k),
        series: [{ name: "rank", colour: "own", values, words }],
      };
    },
  });

/** @param {Answer} answer */
export const decidedChart = answer =>
  new LineChart({
    title: "Layer that decides",
    note: "from it on the lens ranks the answer first",
    format: number,
    onpick: toStep,
    data: () => {
      const last = (store.atlas?.n_layers ?? 1) - 1;
      const values = byStep(answer()?.story ?? [], r => r.decided_layer);
      const words = (/** @type {number} */ i) => `layer ${number(values[i])}`;
      return {
        min: 0,
        max: Math.max(1, last),
        none: "The lens never ranked the answer first.",
        ticks: axisTicks(0, last, 4).filter(Number.isInteger),
        series: [{ name: "layer", colour: "own", values, words }],
      };
    },
  });

/**
 * @param {Answer} answer
 * @param {() => import("./training.js").Info | null} info
 */
export const massStrip = (answer, info) =>
  new LayerStrip({
    title: "Attribution by layer",
    note: "the sum of its neurons' scores",
    onpick: toStep,
    sql: () => factCall("fact_mass", answer),
    format: number,
    cellWords: v => `scores sum to ${number(v)}`,
    data: () => {
      const layers = new Map((answer()?.mass ?? []).map(row => [row.step, row.layers]));
      const values = Array.from({ length: store.atlas?.n_layers ?? 0 }, (_, layer) =>
        stepNumbers().map(step => layers.get(step)?.[layer] ?? null),
      );
      const sizes = values.flat().map(v => Math.abs(v ?? 0));
      return {
        values,
        scale: Math.max(...sizes, 1e-9),
        negative: values.flat().some(v => (v ?? 0) < 0),
        absent: "not attributed at this step",
        reading: mostWords,
        none: info()?.missing.knowledge ?? NOT_ATTRIBUTED,
      };
    },
  });

/** @param {Column} column a step's scores by layer */
const mostWords = column => {
  const scores = column.map(v => v ?? 0);
  const top = scores.indexOf(Math.max(...scores));
  return `most in layer ${top}: ${number(column[top])}`;
};
