// @ts-check
// A point of the map in words.

import { percent } from "../page/format.js";
import { clusterWords } from "../points/labels.js";

/**
 * @param {import("../points/points.js").Points} points
 * @param {number} i
 */
export const pointWords = (points, i) => {
  const [name, country] = [points.name(i), points.country(i)];
  const city = name === null ? "" : `${name}${country ? `, ${country}` : ""}`;
  const cluster = clusterWords(points, i);
  if (points.kind === "prompts") return (city || `prompt ${points.promptId(i)}`) + cluster;
  const rate = percent(Number(points.rate?.[i]));
  const neuron = `layer ${points.layer?.[i]} · neuron ${points.neuron?.[i]} · firing rate ${rate}`;
  return neuron + (city ? ` · top prompt: ${city}` : "") + cluster;
};
