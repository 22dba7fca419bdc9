// @ts-check
// The data of one prompt: what fired where, and what the logit lens read after each layer.

import { unpack } from "./packed.js";

/** @typedef {{ neuron: number, activation: number, i: number }} Fired `i`: its place among all that fired */
/** @typedef {{ token: string, probability: number }} Likely */
/** @typedef {{ top: Likely[], nextProbability: number, nextRank: number }} Read by the lens */
/**
 * @typedef {object} Decoded
 * @property {number} nLayers
 * @property {(position: number, layer: number) => Fired[]} fired strongest first
 * @property {(position: number, layer: number) => number} count
 * @property {(position: number) => [number, number]} range places of what fired at a token
 * @property {(layer: number) => number} scale value of full colour in a layer
 * @property {number} busy neurons that fire at a token and layer where many do
 * @property {number} most neurons that fire at a token and layer
 * @property {boolean} negative whether any activation is below 0
 * @property {((position: number, layer: number) => Read) | null} lens
 * @property {string | null} [lensWords] how far a lens is that is computed now,
 * @property {string} [lensTrouble] or why it can't be had
 */
/** @typedef {Omit<import("./types.d.ts").PromptAnswer, "lens" | "fired"> & Decoded} Prompt */

/**
 * @param {import("./types.d.ts").PromptAnswer} data
 * @returns {Prompt}
 */
export const decodePrompt = data => {
  const nLayers = data.n_layers;
  const offsets = unpack(data.fired.offsets); // nPositions * nLayers + 1
  const neurons = unpack(data.fired.neuron);
  const activations = unpack(data.fired.activation);
  /** @type {Decoded["fired"]} */
  const fired = (position, layer) => {
    const cells = [];
    const at = position * nLayers + layer;
    for (let i = offsets[at]; i < offsets[at + 1]; i++) {
      cells.push({ neuron: neurons[i], activation: activations[i], i });
    }
    return cells;
  };
  /** @type {Decoded["count"]} */
  const count = (position, layer) => {
    const at = position * nLayers + layer;
    return offsets[at + 1] - offsets[at];
  };
  /** @type {Decoded["range"]} */
  const range = position => [offsets[position * nLayers], offsets[(position + 1) * nLayers]];
  const ordinary = notSinks(data.tokens.length, data.sinks);
  const scale = fullColours(offsets, activations, ordinary, nLayers);
  return {
    ...data,
    nLayers,
    fired,
    count,
    range,
    scale,
    busy: crowd(offsets, ordinary, nLayers),
    most: most(offsets),
    negative: activations.some((/** @type {number} */ a) => a < 0),
    lens: data.lens && decodeLens(data.lens, nLayers),
  };
};

/**
 * The positions of tokens that are no attention sinks; all of them where there are none but sinks.
 *
 * @param {number} nPositions
 * @param {number[]} sinks
 */
export const notSinks = (nPositions, sinks) => {
  const all = Array.from({ length: nPositions }, (_, i) => i);
  const left = all.filter(i => !sinks.includes(i));
  return left.length ? left : all;
};

/**
 * Full colour: the 98th percentile of what fired in a layer, told when a layer is first asked for.
 * Attention sinks, whose activations are outsized, are left out.
 *
 * @param {import("./packed.js").Numbers} offsets
 * @param {import("./packed.js").Numbers} activations
 * @param {number[]} ordinary the positions that count
 * @param {number} nLayers
 * @returns {Decoded["scale"]}
 */
const fullColours = (offsets, activations, ordinary, nLayers) => {
  /** @type {Map<number, number>} */
  const known = new Map();
  /** @param {number} layer */
  const found = layer => {
    const sizes = [];
    for (const position of ordinary) {
      const at = position * nLayers + layer;
      for (let i = offsets[at]; i < offsets[at + 1]; i++) sizes.push(Math.abs(activations[i]));
    }
    return percentile(sizes) || 1;
  };
  return layer => {
    if (!known.has(layer)) known.set(layer, found(layer));
    return /** @type {number} */ (known.get(layer));
  };
};

/** @param {number[]} sizes */
const percentile = sizes => {
  if (!sizes.length) return 0;
  const sorted = Float32Array.from(sizes).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(0.98 * sorted.length))];
};

/**
 * How many neurons fire at a token and layer where many do: a row is made to fit these, so that
 * one crowded row doesn't thin all others.
 *
 * @param {import("./packed.js").Numbers} offsets
 * @param {number[]} ordinary the positions that count
 * @param {number} nLayers
 */
const crowd = (offsets, ordinary, nLayers) => {
  const counts = [];
  for (const position of ordinary) {
    for (let at = position * nLayers; at < (position + 1) * nLayers; at++) {
      counts.push(offsets[at + 1] - offsets[at]);
    }
  }
  return percentile(counts);
};

/** @param {import("./packed.js").Numbers} offsets */
const most = offsets => {
  let found = 0;
  for (let at = 1; at < offsets.length; at++)
    found = Math.max(found, offsets[at] - offsets[at - 1]);
  return found;
};

/**
 * What a lens reads at a position after a layer.
 *
 * @param {import("./types.d.ts").LensAnswer} lens
 * @param {number} nLayers
 * @returns {(position: number, layer: number) => Read}
 */
export const decodeLens = (lens, nLayers) => {
  const word = unpack(lens.word);
  const probability = unpack(lens.probability);
  const nextProbability = unpack(lens.next_probability);
  const nextRank = unpack(lens.next_rank);
  return (position, layer) => {
    const at = position * nLayers + layer;
    const top = [];
    for (let i = at * lens.ranks; i < (at + 1) * lens.ranks; i++) {
      if (probability[i] > 0) {
        top.push({ token: lens.words[word[i]], probability: probability[i] });
      }
    }
    return { top, nextProbability: nextProbability[at], nextRank: nextRank[at] };
  };
};

/**
 * The neuron that stands out most at a token, as [layer, neuron]: largest over its layer's scale.
 *
 * @param {Pick<Prompt, "nLayers" | "fired" | "scale">} prompt
 * @param {number} position
 * @returns {[number, number] | null}
 */
export const strongestNeuron = (prompt, position) => {
  let best = null;
  for (let layer = 0; layer < prompt.nLayers; layer++) {
    const [first] = prompt.fired(position, layer);
    if (!first) continue;
    const share = Math.abs(first.activation) / prompt.scale(layer);
    if (!best || share > best.share) best = { share, layer, neuron: first.neuron };
  }
  return best && [best.layer, best.neuron];
};
