// @ts-check
// The data of one neuron: its activations in a prompt, weighted with self-attention.

import { unpack } from "./packed.js";

/** @typedef {(number | null)[]} Values by position, null where the neuron didn't fire */
/**
 * @typedef {object} Weighted
 * @property {(position: number) => Values} at with `position` as the current one
 * @property {Values} sum over all positions as the current one
 * @property {(position: number, source: number) => number} attention
 * @property {Values} activations
 */
/** @typedef {import("./types.d.ts").NeuronAnswer & { weighted?: Weighted }} Neuron */

/**
 * @param {import("./types.d.ts").NeuronAnswer} data
 * @returns {Neuron}
 */
export const decodeNeuron = data =>
  data.attention ? { ...data, weighted: weigh(data.attention) } : data;

/**
 * weight(source) = attention(layer, position -> source) * activation(source)
 *
 * @param {import("./types.d.ts").AttentionAnswer} answer
 * @returns {Weighted}
 */
export const weigh = ({ weights: packed, activations, unit = 1 }) => {
  const weights = unpack(packed); // the rows of a lower triangle: [0,0], [1,0], [1,1], [2,0], ...
  /** @type {Weighted["attention"]} */
  const attention = (position, source) => unit * weights[(position * (position + 1)) / 2 + source];
  const sum = activations.map((activation, source) => {
    if (activation === null) return null;
    let total = 0;
    for (let position = source; position < activations.length; position++) {
      total += attention(position, source);
    }
    return total * activation;
  });
  return {
    at: position =>
      activations.map((activation, source) =>
        activation === null || source > position ? null : attention(position, source) * activation,
      ),
    sum,
    attention,
    activations,
  };
};
