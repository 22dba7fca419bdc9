// @ts-check
// The strips of a fact's story, all over one axis of steps: training, P(answer), the first layer that
// ranks it first, and the effect of suppression.

import { byStep } from "../chart/by_step.js";
import { LineChart } from "../chart/lines.js";
import { chance, integer, number } from "../page/format.js";
import { axisTicks } from "../page/scale.js";
import { modelLiteral } from "../page/sql.js";
import { stepNumbers, toStep } from "../page/steps.js";
import { store } from "../page/store.js";
import { CONTROLS } from "./controls.js";

/** @typedef {import("./types.d.ts").Story} Story */
/** @typedef {() => Story | null} Answer what is on screen */
/** @typedef {import("../chart/lines.js").Series} Series */

const LIMIT = 6; // log-odds: 0.5 to 0.998
const SMALL = 42; // pixels
const LARGE = 108;

/** What all strips have in common: no axis of their own, and dragging that moves the step. */
export const STRIP = {
  bare: true,
  onpick: toStep,
  ondrag: (/** @type {number} */ i) => toStep(i, { settled: false }),
};

/**
 * A macro of the fact on screen.
 *
 * @param {string} macro
 * @param {Answer} answer
 */
export const factCall = (macro, answer) =>
  `FROM ${macro}(${modelLiteral()}, ${answer()?.fact.fact_id ?? 0})`;

/**
 * Rows by a number of theirs, in the order in which they come.
 *
 * @template Row
 * @param {Row[]} rows
 * @param {(row: Row) => number} of
 * @returns {Row[][]}
 */
const grouped = (rows, of) => {
  /** @type {Map<number, Row[]>} */
  const by = new Map();
  for (const row of rows) by.set(of(row), [...(by.get(of(row)) ?? []), row]);
  return [...by.values()];
};

/** @param {(number | null)[]} values */
const mean = values => {
  const there = values.filter(v => v !== null);
  return there.length ? there.reduce((a, b) => a + b, 0) / there.length : null;
};

/** @param {Answer} answer */
export const promptsStrip = answer =>
  new LineChart({
    ...STRIP,
    title: "P(answer)",
    note: "by prompt",
    height: LARGE,
    format: number,
    sql: () => factCall("fact_prompts_by_step", answer),
    data: () => {
      const series = grouped(answer()?.prompts ?? [], p => p.prompt).map(promptSeries);
      const of = (/** @type {string} */ colour) => series.filter(o => o.colour === colour);
      const groups = [
        { name: of("orange").length ? "trained" : "all prompts", all: of("own") },
        { name: "held-out", all: of("orange") },
      ].filter(group => group.all.length);
      return {
        min: 0,
        max: 1,
        tick: String,
        series,
        gap: "not asked at this step",
        keys: groups.map(({ name, all }) => ({
          name: `${name} (${all.length})`,
          colour: all[0].colour,
          value: i => chance(mean(all.map(o => o.values[i]))),
        })),
      };
    },
  });

/**
 * @param {import("./types.d.ts").PromptStep[]} rows of one prompt
 * @returns {Series}
 */
const promptSeries = rows => {
  const right = byStep(rows, r => (r.greedy ? "right" : "wrong"));
  const values = byStep(rows, r => r.probability);
  return {
    name: `${rows[0].text} …${rows[0].trained === false ? " (held-out)" : ""}`,
    colour: rows[0].trained === false ? "orange" : "own",
    thin: true,
    values,
    words: i => `${chance(values[i])} ${right[i]}`,
  };
};

/** @param {Answer} answer */
export const layerStrip = answer =>
  new LineChart({
    ...STRIP,
    title: "First layer at rank 1",
    note: "median over prompts",
    height: SMALL,
    format: number,
    data: () => {
      const last = (store.atlas?.n_layers ?? 1) - 1;
      const prompts = answer()?.prompts ?? [];
      const values = stepNumbers().map(step => {
        const own = prompts.filter(p => p.step === step).map(p => p.saturation_layer);
        return median(own.filter(layer => layer !== null));
      });
      return {
        min: 0,
        max: Math.max(1, last),
        none: "No layer ranks the answer first at any step.",
        gap: "none at this step",
        tick: integer,
        ticks: axisTicks(0, last, 2).filter(Number.isInteger),
        series: [{ name: "layer", colour: "own", values, words: i => number(values[i]) }],
      };
    },
  });

/** @param {number[]} values */
const median = values => {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** @param {number} v log-odds, with two decimals and a sign unless it is 0.00 */
export const signed = v => {
  const words = Math.abs(v).toFixed(2);
  if (Number(words) === 0) return words;
  return (v < 0 ? "−" : "+") + words;
};

/**
 * @param {Answer} answer
 * @param {() => string} kind suppress or amplify
 * @param {() => string | undefined} missing
 */
export const effectStrip = (answer, kind, missing) =>
  new LineChart({
    ...STRIP,
    title: "Effect on the answer",
    note: "log-odds, 95 % interval",
    height: LARGE,
    format: signed,
    sql: () => `${factCall("fact_log_odds_by_step", answer)}\nWHERE kind = '${kind()}'`,
    data: () => {
      const rows = (answer()?.effects ?? []).filter(row => row.kind === kind());
      const own = rows.filter(row => row.condition === "knowledge_neurons");
      return {
        min: -0.5,
        max: 0.5,
        limit: [-LIMIT, LIMIT],
        none: missing() ?? "This fact has no knowledge neurons at any step.",
        gap: "no knowledge neurons at this step",
        series: [
          {
            name: "its neurons",
            colour: "own",
            values: byStep(own, r => r.log_odds),
            low: byStep(own, r => r.ci_low),
            high: byStep(own, r => r.ci_high),
          },
          ...controlSeries(rows),
        ],
      };
    },
  });

/**
 * The controls as one band, from the least to the largest change, and the line of the largest in size.
 *
 * @param {Story["effects"]} rows
 * @returns {Series[]}
 */
export const controlSeries = rows => {
  const controls = rows.filter(row => row.condition in CONTROLS);
  const steps = grouped(controls, row => row.step).map(some => {
    const all = some.map(r => r.log_odds);
    const most = some.reduce((a, b) => (Math.abs(b.log_odds) > Math.abs(a.log_odds) ? b : a));
    return { ...most, low: Math.min(...all), high: Math.max(...all) };
  });
  if (!steps.length) return [];
  const names = byStep(steps, r => CONTROLS[r.condition].short);
  const values = byStep(steps, r => r.log_odds);
  return [
    {
      name: "largest control",
      colour: "grey",
      values,
      low: byStep(steps, r => r.low),
      high: byStep(steps, r => r.high),
      words: i => `${signed(Number(values[i]))} ${names[i]}`,
    },
  ];
};
