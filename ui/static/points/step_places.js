// @ts-check
// The places of all neurons at one step, and the way from one step's to the next's.

import { unpack } from "../page/packed.js";

/** @typedef {import("../page/packed.js").Packed} Packed */
/**
 * The answer of the question `training_places`: places are 16-bit fractions.
 *
 * @typedef {object} PlacesAnswer
 * @property {number} n
 * @property {number} silent neurons without a place, for they didn't fire at this step
 * @property {number} n_layers
 * @property {number} n_neurons
 * @property {[number, number]} extent
 * @property {Packed} layer
 * @property {Packed} neuron
 * @property {Packed} x
 * @property {Packed} y
 */

/**
 * By layer, then by neuron: NaN for one that isn't on the map.
 *
 * @param {PlacesAnswer} data
 */
export const decodePlaces = data => {
  const n = data.n_layers * data.n_neurons;
  const [layer, neuron] = [unpack(data.layer), unpack(data.neuron)];
  const [qx, qy] = [unpack(data.x), unpack(data.y)];
  const x = new Float32Array(n).fill(NaN);
  const y = new Float32Array(n).fill(NaN);
  for (let i = 0; i < data.n; i++) {
    const at = layer[i] * data.n_neurons + neuron[i];
    x[at] = qx[i] / 65535;
    y[at] = 1 - qy[i] / 65535;
  }
  const { silent, extent, n_neurons: nNeurons, n_layers: nLayers } = data;
  return { n, silent, x, y, nNeurons, nLayers, extent };
};

/** @typedef {ReturnType<typeof decodePlaces>} Places */

/** @param {number} share of the time that is over */
export const eased = share => (share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2);

/**
 * Places between two others; one that comes onto the map or leaves it does so at once.
 *
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} share of the way
 * @param {Float32Array} into
 */
export const moveBetween = (from, to, share, into) => {
  for (let k = 0; k < into.length; k++) {
    const isMoving = !Number.isNaN(from[k]) && !Number.isNaN(to[k]);
    into[k] = isMoving ? from[k] + share * (to[k] - from[k]) : to[k];
  }
};
