// @ts-check
// A place that was chosen in the overview, or a head beside the cells, opens its neuron.

import { headText } from "../page/attention_text.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { strongest } from "../page/target.js";

/**
 * A place of the overview was chosen: its token, and the first neuron of the layer there.
 *
 * @param {{ token: number, layer: number }} place
 */
export const choosePlace = ({ token, layer }) => {
  const neuron = firstNeuron(token, layer);
  go(neuron === null ? { token } : { token, layer, neuron });
};

/**
 * The neuron of a layer with the largest contribution at a token; of the largest activation until
 * there are contributions.
 *
 * @param {number} token
 * @param {number} layer
 */
const firstNeuron = (token, layer) => {
  const { prompt, target } = store;
  const fired = prompt?.fired(token, layer) ?? [];
  if (!prompt || !target.data) return fired[0]?.neuron ?? null;
  const only = {
    nLayers: layer + 1,
    fired: (/** @type {number} */ _, /** @type {number} */ l) => (l === layer ? fired : []),
  };
  return strongest(only, target.data, token)?.neuron ?? fired[0]?.neuron ?? null;
};

/** @param {{ layer: number, head: number }} at a head whose attention is shown in the neuron's pane */
export const openHead = async ({ layer, head }) => {
  const neuron = firstNeuron(store.state.token ?? 0, layer) ?? 0;
  if (store.state.layer !== layer) await go({ layer, neuron });
  await go({ head: headText(head), colours: "attention" });
};
