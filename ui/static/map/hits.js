// @ts-check
// The points that a figure or words pick out, which the tables know and the page doesn't.

import { unpack } from "../page/packed.js";
import { remembered } from "../page/server.js";

/** @typedef {import("../points/points.js").Points} Points */
/** @typedef {Record<string, import("../page/packed.js").Packed>} Packs by column: layer and neuron, or prompt_id */
/**
 * @typedef {object} Picked
 * @property {Uint8Array} set by point
 * @property {number} silent of them never fired
 */

/**
 * @param {Points} points
 * @param {Packs} hits
 * @returns {Picked}
 */
export const picked = (points, hits) => {
  const set = new Uint8Array(points.n);
  const columns = (points.kind === "neurons" ? ["layer", "neuron"] : ["prompt_id"]).map(name =>
    unpack(hits[name]),
  );
  let silent = 0;
  for (let k = 0; k < columns[0].length; k++) {
    const i = points.at(columns.map(column => column[k]).join("/"));
    if (i < 0) continue; // without a place that is a number
    set[i] = 1;
    if (i >= points.nDrawn) silent++;
  }
  return { set, silent };
};

/**
 * What the server knows of a choice: null for what isn't chosen.
 *
 * @param {string | null} model
 * @param {Points["kind"]} kind
 * @param {import("./choice.js").Choice} choice
 */
export const askChoice = async (model, kind, { words, region }) => {
  const [found, within] = await Promise.all([
    words ? remembered("found", { model, kind, words }) : null,
    region ? remembered("selection", { model, kind, outline: region }) : null,
  ]);
  return { found, within };
};
