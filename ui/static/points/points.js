// @ts-check
// The points of a map: decoding them, and finding the one under a pointer.

import { unpack } from "../page/packed.js";

/** @typedef {import("../page/packed.js").Packed} Packed */
/**
 * @typedef {object} Label of a cluster
 * @property {number} cluster
 * @property {string} label
 * @property {number} x of its middle, in 0..1
 * @property {number} y
 * @property {string[]} [term_kinds] the kind of each term
 * @property {string[]} terms
 * @property {number[]} term_shares of the cluster's points with each term
 * @property {number[]} term_shares_elsewhere of the other points
 */
/**
 * The answer of the question `points`: places are 16-bit fractions of [left, left + size] and
 * [top, top + size].
 *
 * @typedef {object} PointsAnswer
 * @property {"neurons" | "prompts"} kind
 * @property {number} n
 * @property {number} left
 * @property {number} top
 * @property {number} size
 * @property {Packed} x
 * @property {Packed} y
 * @property {Packed} [layer]
 * @property {Packed} [neuron]
 * @property {Packed} [rate]
 * @property {Packed} [cluster] -1 for none
 * @property {Packed} prompt place in `prompts`, NONE for none
 * @property {{ ids: number[], names: (string | null)[], country: (number | null)[] }} prompts
 * @property {{ name: string, continent: string | null }[]} countries
 * @property {Label[]} [labels]
 */
/**
 * What a plane draws, in coordinates of 0..1.
 *
 * @typedef {object} Placed
 * @property {number} n
 * @property {Float32Array} x NaN for one that isn't on the map
 * @property {Float32Array} y
 * @property {[number, number]} extent
 * @property {(x: number, y: number, reach: number) => number} find the nearest within `reach`, or -1
 */

const NONE = 0xffffffff;
const GRID = 128;

/** @param {number[] | Float32Array} values */
const span = values => {
  let [least, most] = [1, 0];
  for (const v of values) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return most - least;
};

/** @param {PointsAnswer} data */
export const decodePoints = data => {
  const x = Float32Array.from(unpack(data.x), q => q / 65535);
  const y = Float32Array.from(unpack(data.y), q => 1 - q / 65535);
  /** @param {Label} label */
  const onMap = label => ({
    ...label,
    x: (label.x - data.left) / data.size,
    y: 1 - (label.y - data.top) / data.size,
  });
  return {
    kind: data.kind,
    n: data.n,
    x,
    y,
    layer: data.layer && unpack(data.layer),
    neuron: data.neuron && unpack(data.neuron),
    rate: data.rate && unpack(data.rate),
    cluster: data.cluster && unpack(data.cluster),
    labels: new Map((data.labels ?? []).map(label => [label.cluster, onMap(label)])),
    ...promptsOf(data),
    extent: /** @type {[number, number]} */ ([span(x) || 1, span(y) || 1]),
    find: finder(x, y),
    /** @type {(px: number, py: number) => [number, number]} as the tables have it */
    toData: (px, py) => [data.left + px * data.size, data.top + (1 - py) * data.size],
  };
};

/** @typedef {ReturnType<typeof decodePoints>} Points */

/**
 * The prompt of each point: a neuron's is the one that fires it most.
 *
 * @param {PointsAnswer} data
 */
const promptsOf = data => {
  const place = unpack(data.prompt);
  const { ids, names, country } = data.prompts;
  /**
   * @template Value
   * @param {Value[]} list
   * @param {number} i
   */
  const of = (list, i) => (place[i] === NONE ? null : list[place[i]]);
  /** @param {number} i */
  const countryOf = i => data.countries[of(country, i) ?? -1] ?? null;
  return {
    /** @param {number} i */
    promptId: i => of(ids, i),
    /** @param {number} i */
    name: i => of(names, i),
    /** @param {number} i */
    country: i => countryOf(i)?.name ?? null,
    /** @param {number} i */
    continent: i => countryOf(i)?.continent ?? null,
  };
};

/** @param {number} v */
const bucket = v => Math.max(0, Math.min(GRID - 1, Math.floor(v * GRID)));

/**
 * Finds the nearest point within a reach, by a grid of buckets.
 *
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @returns {Placed["find"]}
 */
export const finder = (x, y) => {
  const starts = new Uint32Array(GRID * GRID + 1);
  for (let i = 0; i < x.length; i++) starts[bucket(y[i]) * GRID + bucket(x[i]) + 1]++;
  for (let c = 0; c < GRID * GRID; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const members = new Uint32Array(x.length);
  for (let i = 0; i < x.length; i++) members[next[bucket(y[i]) * GRID + bucket(x[i])]++] = i;
  return (px, py, reach) => {
    let best = -1;
    let least = reach * reach;
    for (let row = bucket(py - reach); row <= bucket(py + reach); row++) {
      const [from, to] = [bucket(px - reach), bucket(px + reach)].map(c => row * GRID + c);
      // the buckets of a row follow each other
      for (let m = starts[from]; m < starts[to + 1]; m++) {
        const i = members[m];
        const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
        if (d < least) {
          least = d;
          best = i;
        }
      }
    }
    return best;
  };
};

/**
 * The same for points that move: each is looked at.
 *
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @returns {Placed["find"]}
 */
export const plainFinder = (x, y) => (px, py, reach) => {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < x.length; i++) {
    const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
    if (d < least) {
      least = d;
      best = i;
    }
  }
  return best;
};
