// @ts-check
// The neurons of the model on screen that fire at over a tenth of all tokens: that one of them fires
// says little about a token.

import { remembered } from "./server.js";
import { emit, on, store } from "./store.js";

/** @type {{ model: string | null, keys: Set<number>, there: Promise<void> }} */
let known = { model: null, keys: new Set(), there: Promise.resolve() };

const MOST = 2 ** 24; // neurons of a layer: a key is one number, which is asked for at each cell
/** @type {(layer: number, neuron: number) => number} */
const keyOf = (layer, neuron) => layer * MOST + neuron;

/**
 * @param {number} layer
 * @param {number} neuron
 */
export const isAlwaysOn = (layer, neuron) => known.keys.has(keyOf(layer, neuron));

/** Ask for those of the model on screen, unless they are here. */
export const loadAlwaysOn = () => {
  const { model } = store.state;
  if (model !== null && known.model !== model) {
    known = { model, keys: new Set(), there: read(model) };
  }
  return known.there;
};

/** @param {string} model */
const read = async model => {
  try {
    const { neurons } = await remembered("always_on", { model });
    if (known.model !== model) return;
    known.keys = new Set(neurons.map((/** @type {[number, number]} */ pair) => keyOf(...pair)));
    emit("always-on");
  } catch {
    known.model = null; // none is folded; what is wrong the pane of the neuron says
  }
};

on("prompt", () => loadAlwaysOn());
on("tables", () => {
  if (known.model !== null) known.there = read(known.model);
  else if (store.prompt) loadAlwaysOn();
});
