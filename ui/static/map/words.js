// @ts-check
// The map in words: a point of it, what is drawn of it, what is in view.

import { counted, integer, percent } from "../page/format.js";
import { clusterWords } from "../points/labels.js";

/** @typedef {import("../points/points.js").Points} Points */

/**
 * @param {Points} points
 * @param {number} i
 */
export const pointWords = (points, i) => {
  const [name, country] = [points.name(i), points.country(i)];
  const city = name === null ? "" : `${name}${country ? `, ${country}` : ""}`;
  const cluster = clusterWords(points, i);
  if (points.kind === "prompts") return (city || `prompt ${points.promptId(i)}`) + cluster;
  const neuron = `layer ${points.layer?.[i]} · neuron ${points.neuron?.[i]}`;
  if (i >= points.nDrawn) return `${neuron} · never fired at a token of this atlas`;
  const rate = `${neuron} · firing rate ${percent(Number(points.rate?.[i]))}`;
  return rate + (city ? ` · top prompt: ${city}` : "") + cluster;
};

/**
 * How many points are drawn of how many there are, and why the others aren't.
 *
 * @param {Points} points
 * @param {number} shown of those that have a place, past the bounds
 * @param {boolean} withSilent
 */
export const drawnWords = ({ kind, n, nDrawn }, shown, withSilent) => {
  const silent = n - nDrawn;
  const drawn = shown + (withSilent ? silent : 0);
  const bounds = nDrawn - shown;
  const what = kind === "neurons" ? "neuron" : "prompt";
  const of = drawn < n ? `${integer(drawn)} of ${counted(n, what)} drawn` : counted(n, what);
  return [
    of,
    silent && `${integer(silent)} never fired${withSilent ? ", in rows below" : ""}`,
    bounds && `${integer(bounds)} out of the bounds`,
  ]
    .filter(Boolean)
    .join("; ");
};

/**
 * That the neuron on screen isn't drawn; "" where it is.
 *
 * @param {Points} points
 * @param {number} chosen -1 for none
 */
export const lostWords = ({ x, layer, neuron }, chosen) =>
  chosen >= 0 && Number.isNaN(x[chosen])
    ? `layer ${layer?.[chosen]} · neuron ${neuron?.[chosen]} never fired: it isn't drawn`
    : "";

/**
 * Where one is on the map; "" while all of it is in view.
 *
 * @param {Points} points
 * @param {import("../points/in_view.js").Seen} seen
 * @param {number} shown
 */
export const whereWords = ({ kind, labels }, { n, parts }, shown) => {
  if (n === shown) return "";
  const words = `${integer(n)} of ${integer(shown)} drawn ${kind} in view`;
  if (!n || !parts.length) return words;
  const [most] = parts;
  const label = labels.get(most.cluster);
  const name = `cluster ${most.cluster}${label ? `: ${label.label}` : ""}`;
  return `${words}, ${percent(most.n / n)} of them in ${name}`;
};
