// @ts-check
// The points of a map: decoding them, and finding the one under a pointer.

import { unpack } from "../page/packed.js";

/** @typedef {import("../page/packed.js").Packed} Packed */
/** @typedef {import("../page/packed.js").Numbers} Numbers */
/**
 * @typedef {object} Label of a cluster
 * @property {number} cluster
 * @property {string} label
 * @property {number} x of its middle, in 0..1
 * @property {number} y
 * @property {number} n its points
 * @property {string[]} [countries] of its prompts, the most telling first
 * @property {number[]} [country_lifts]
 * @property {string[]} [vocabulary]
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
 * @property {Packed} [strongest] the strongest activation, by its size
 * @property {{ layer: Packed, neuron: Packed }} [silent] neurons that never fired: they have no place
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
 * @property {(x: number, y: number, reach: number, shown?: Uint8Array | null) => number} find the
 *   nearest within `reach`, or -1; of those that are `shown`, where that is given
 */

const NONE = 0xffffffff;
const GRID = 128;

/** @param {Float32Array} values NaN counts for none */
const span = values => {
  let [least, most] = [1, 0];
  for (const v of values) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return most - least;
};

/**
 * The points of a map; those of neurons that never fired come last, and are nowhere.
 *
 * @param {PointsAnswer} data
 */
export const decodePoints = data => {
  const { silent } = data;
  const beside = silent && { layer: unpack(silent.layer), neuron: unpack(silent.neuron) };
  const n = data.n + (beside?.layer.length ?? 0);
  const [x, y] = [new Float32Array(n).fill(NaN), new Float32Array(n).fill(NaN)];
  x.set(Float32Array.from(unpack(data.x), q => q / 65535));
  y.set(Float32Array.from(unpack(data.y), q => 1 - q / 65535));
  /**
   * @param {Packed | undefined} drawn
   * @param {Numbers | number} rest of the silent ones, or the one value of all of them
   */
  const every = (drawn, rest) => {
    if (!drawn) return undefined;
    const all = new Float32Array(n);
    all.set(unpack(drawn));
    if (typeof rest === "number") all.fill(rest, data.n);
    else all.set(rest, data.n);
    return all;
  };
  /** @param {Label} label */
  const onMap = label => ({
    ...label,
    x: (label.x - data.left) / data.size,
    y: 1 - (label.y - data.top) / data.size,
  });
  const layer = every(data.layer, beside?.layer ?? 0);
  const neuron = every(data.neuron, beside?.neuron ?? 0);
  const of = promptsOf(data);
  return {
    kind: data.kind,
    n,
    nDrawn: data.n,
    x,
    y,
    layer,
    neuron,
    rate: every(data.rate, 0),
    top: every(data.strongest, 0),
    cluster: every(data.cluster, -1),
    labels: new Map((data.labels ?? []).map(label => [label.cluster, onMap(label)])),
    ...of,
    extent: /** @type {[number, number]} */ ([span(x) || 1, span(y) || 1]),
    /** @type {Placed["find"]} */
    find: finder(x, y),
    at: lookup(n, i => (layer ? `${layer[i]}/${neuron?.[i]}` : `${of.promptId(i)}`)),
    /** @type {(dx: number, dy: number) => [number, number]} as the page has it */
    toMap: (dx, dy) => [(dx - data.left) / data.size, 1 - (dy - data.top) / data.size],
    /** @type {(px: number, py: number) => [number, number]} as the tables have it */
    toData: (px, py) => [data.left + px * data.size, data.top + (1 - py) * data.size],
  };
};

/** @typedef {ReturnType<typeof decodePoints>} Points */

/**
 * Finds a point by its name, once any is looked for: `layer/neuron`, or a prompt's number. -1 where
 * it isn't there.
 *
 * @param {number} n
 * @param {(i: number) => string} name
 */
const lookup = (n, name) => {
  /** @type {Map<string, number> | null} */
  let places = null;
  return (/** @type {string} */ wanted) => {
    places ??= new Map(Array.from({ length: n }, (_, i) => [name(i), i]));
    return places.get(wanted) ?? -1;
  };
};

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
  const of = (list, i) => (i >= place.length || place[i] === NONE ? null : list[place[i]]);
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
  const placed = [];
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i])) placed.push(i);
  for (const i of placed) starts[bucket(y[i]) * GRID + bucket(x[i]) + 1]++;
  for (let c = 0; c < GRID * GRID; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const members = new Uint32Array(placed.length);
  for (const i of placed) members[next[bucket(y[i]) * GRID + bucket(x[i])]++] = i;
  return (px, py, reach, shown) => {
    let best = -1;
    let least = reach * reach;
    for (let row = bucket(py - reach); row <= bucket(py + reach); row++) {
      const [from, to] = [bucket(px - reach), bucket(px + reach)].map(c => row * GRID + c);
      // the buckets of a row follow each other
      for (let m = starts[from]; m < starts[to + 1]; m++) {
        const i = members[m];
        const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
        if (d < least && (!shown || shown[i])) {
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
