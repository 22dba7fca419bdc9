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
  "No attributions of this fact: it is not among those the last step knows, or was not asked.";

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
    title: "P(answer)",
    note: "mean over prompts",
    format: number,
    onpick: toStep,
    sql: () => factCall("fact_by_step", answer),
    data: () => {
      const story = answer()?.story ?? [];
      const correct = byStep(story, r => `${r.n_correct} of ${r.n_prompts}`);
      const shares = byStep(story, r => r.n_correct / r.n_prompts);
      return {
        min: 0,
        max: 1,
        tick: String,
        series: [
          { name: "probability", colour: "own", values: byStep(story, r => r.probability) },
          {
            name: "correct prompts",
            colour: "blue",
            values: shares,
            words: i => correct[i] ?? "",
          },
        ],
      };
    },
  });

/** @param {Answer} answer */
export const rankChart = answer =>
  new LineChart({
    title: "Rank of the answer",
    note: "median over prompts",
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
export const saturationChart = answer =>
  new LineChart({
    title: "First layer that ranks the answer first",
    note: "median over prompts",
    format: number,
    onpick: toStep,
    data: () => {
      const last = (store.atlas?.n_layers ?? 1) - 1;
      const values = byStep(answer()?.story ?? [], r => r.saturation_layer);
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
export const attributionStrip = (answer, info) =>
  new LayerStrip({
    title: "Attribution by layer",
    note: "the sum of its neurons' scores",
    onpick: toStep,
    sql: () => factCall("attribution_by_layer", answer),
    format: number,
    cellWords: v => `scores sum to ${number(v)}`,
    data: () => {
      const layers = new Map((answer()?.attribution ?? []).map(row => [row.step, row.layers]));
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
