// @ts-check
// What is chosen of a circuit, and what it is beside.

import { number } from "../page/format.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { isOwn } from "./own.js";
import { aboutOwn } from "./own_words.js";
import { nodeKey } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */

/** @returns {import("./types.d.ts").Which} */
export const which = () => (store.state.circuit === "specific" && !isOwn() ? "specific" : "all");

/**
 * Select a unit: a neuron opens its pane.
 *
 * @param {Pick<import("./types.d.ts").Unit, "kind" | "layer" | "unit"> & { position: number | null }} unit
 */
export const pick = unit => {
  const { kind, layer, unit: neuron } = unit;
  const node = nodeKey(unit);
  go(kind === "neuron" ? { node, layer, neuron } : { node });
};

/**
 * The strongest neuron is selected, unless one of the circuit is.
 *
 * @param {Circuit} circuit
 */
export const chooseNeuron = async ({ units, listed }) => {
  const { layer, neuron } = store.state;
  const isAmong = units.some(u => u.kind === "neuron" && u.layer === layer && u.unit === neuron);
  const [first] = listed;
  if (first && !isAmong) await go({ layer: first.layer, neuron: first.unit }, { push: false });
};

/** @param {Circuit} circuit */
export const aboutWords = circuit => {
  if (circuit.own) return [aboutOwn(circuit)];
  const { prompt, against } = circuit;
  const chosen = against.filter(one => one.purpose === "choose");
  const names = chosen.map(one => (one.subject ? `${one.subject} → ${one.object}` : "a mean"));
  return [
    `against ${names.join(", ")}: logit difference ${number(prompt.difference)}, mean of `,
    `${chosen.length}`,
  ];
};
