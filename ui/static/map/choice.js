// @ts-check
// What of the map is chosen, as the address has it: a cluster, words, a figure, bounds. All at once.

import { literal } from "../page/sql.js";

/** @typedef {import("../points/view.js").Place} Place */
/** @typedef {import("../points/points.js").Points} Points */
/**
 * @typedef {object} Choice
 * @property {number | null} cluster
 * @property {string} words
 * @property {Place[] | null} region its corners, in the tables' coordinates
 * @property {[number, number] | null} layers from and to
 * @property {string} rate a name in RATES, or ""
 */
/** @typedef {Pick<import("../page/types.d.ts").State, "cluster" | "find" | "region" | "layers" | "rate">} Texts */

const LONGEST = 200; // characters, which the server looks at

/** @type {Record<string, { words: string, low: number, high: number }>} bounds of the firing rate */
export const RATES = {
  rare: { words: "under 0.1 % of tokens", low: 0, high: 0.001 },
  seldom: { words: "0.1 to 1 %", low: 0.001, high: 0.01 },
  often: { words: "1 to 10 %", low: 0.01, high: 0.1 },
  always: { words: "10 % or more", low: 0.1, high: Infinity },
};

/**
 * @param {Texts} texts of the address: what they say in vain is left out
 * @param {Points["kind"]} kind
 * @returns {Choice}
 */
export const choiceOf = ({ cluster, find, region, layers, rate }, kind) => {
  const isNeurons = kind === "neurons";
  const [, from, to] = /^(\d{1,4})-(\d{1,4})$/.exec(layers ?? "") ?? [];
  return {
    cluster: /^\d{1,5}$/.test(cluster ?? "") ? Number(cluster) : null,
    words: (find ?? "").trim().slice(0, LONGEST),
    region: cornersOf(region ?? ""),
    layers: isNeurons && from ? [Number(from), Number(to)] : null,
    rate: isNeurons && Object.hasOwn(RATES, rate) ? rate : "",
  };
};

/** @param {string} text */
const cornersOf = text => {
  const corners = text
    .split(";")
    .map(corner => corner.split(",").map(v => (v.trim() ? Number(v) : NaN)));
  const isWhole = corners.every(corner => corner.length === 2 && corner.every(Number.isFinite));
  return isWhole && corners.length > 2 ? /** @type {Place[]} */ (corners) : null;
};

/** @param {Place[]} corners */
export const regionText = corners => corners.map(corner => corner.join(",")).join(";");

/** @param {Choice} choice */
export const isAny = ({ cluster, words, region, layers, rate }) =>
  cluster !== null || Boolean(words || region || layers || rate);

/**
 * The query of the chosen points, the strongest first.
 *
 * @param {Points["kind"]} kind
 * @param {string | null} model
 * @param {Choice} choice
 * @param {string} within SQL's condition for the region
 */
export const queryOf = (kind, model, choice, within) => {
  const of = kind === "neurons" ? "neuron" : "prompt";
  const key = kind === "neurons" ? "layer, neuron" : "prompt_id";
  const conditions = ["isfinite(x)"];
  if (choice.cluster !== null) conditions.push(`cluster = ${choice.cluster}`);
  if (choice.region) conditions.push(within);
  if (choice.layers) conditions.push(`layer BETWEEN ${choice.layers.join(" AND ")}`);
  if (choice.rate) {
    const { low, high } = RATES[choice.rate];
    if (low) conditions.push(`firing_rate >= ${low}`);
    if (high < 1) conditions.push(`firing_rate < ${high}`);
  }
  const found = `SEMI JOIN ${of}s_found(${literal(model)}, ${literal(choice.words)}) USING (${key})`;
  return [
    `FROM ${of}_points(${literal(model)})`,
    ...(choice.words ? [found] : []),
    `WHERE ${conditions.join("\n    AND ")}`,
    `ORDER BY ${kind === "neurons" ? "abs(top_activation) DESC, " : ""}${key}`,
  ].join("\n");
};

/**
 * Which points the bounds let through; null where there are none.
 *
 * @param {Points} points
 * @param {Choice} choice
 */
export const shownBy = (points, { layers, rate }) => {
  if (!layers && !rate) return null;
  const [from, to] = layers ?? [0, Infinity];
  // as single numbers, which the points' rates are
  const [low, high] = rate ? [RATES[rate].low, RATES[rate].high].map(Math.fround) : [-1, Infinity];
  return Uint8Array.from({ length: points.n }, (_, i) => {
    const [layer, fires] = [points.layer?.[i] ?? 0, points.rate?.[i] ?? 0];
    return Number(layer >= from && layer <= to && fires >= low && fires < high);
  });
};

/**
 * Which points are in the chosen cluster and in all of the sets of points; null where nothing is
 * chosen.
 *
 * @param {Points} points
 * @param {number | null} cluster
 * @param {Uint8Array[]} sets
 */
export const litBy = (points, cluster, sets) => {
  if (cluster === null && !sets.length) return null;
  return Uint8Array.from({ length: points.n }, (_, i) => {
    const isIn = cluster === null || points.cluster?.[i] === cluster;
    return Number(isIn && sets.every(set => set[i]));
  });
};

/**
 * The points that all of the sets have, those that never fired aside: the strongest first.
 *
 * @param {Points} points
 * @param {(Uint8Array | null)[]} sets
 */
export const membersOf = (points, sets) => {
  const found = [];
  for (let i = 0; i < points.nDrawn; i++) if (sets.every(set => !set || set[i])) found.push(i);
  const { top } = points;
  return top ? found.sort((a, b) => Math.abs(top[b]) - Math.abs(top[a]) || a - b) : found;
};

const CORNERS = 48; // of a lasso

/**
 * Every so many of a drawn line's corners.
 *
 * @param {Place[]} corners
 */
export const thinned = corners => {
  const step = Math.max(1, corners.length / CORNERS);
  const n = Math.ceil(corners.length / step);
  return Array.from({ length: n }, (_, i) => corners[Math.floor(i * step)]);
};
