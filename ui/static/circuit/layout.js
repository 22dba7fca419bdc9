// @ts-check
// Where the picture of a circuit draws each unit: the prompt's tokens across, layers up. Columns are
// as wide as their fullest cell needs.

/** @typedef {import("./types.d.ts").Unit} Unit */
/** @typedef {{ left: number, width: number }} Column */
/** @typedef {{ unit: Unit, x: number, y: number, r: number }} Place */
/**
 * @typedef {object} Layout
 * @property {Column[]} columns of tokens
 * @property {number} row height of a layer
 * @property {number} top
 * @property {number} bottom
 * @property {Place[]} places the smallest unit last
 */

export const EDGE = 30; // pixels at the left, for the layers' numbers
export const TOP = 20; // and at the top, for roles
const LEAST_COLUMN = 46;
const MOST_NEEDED = 0.34; // of the width: beyond it a cell's units overlap
const LEAST_R = 2;
const MOST_R = 9;
const GAP = 1;

/**
 * How much a unit does: what was measured, else the estimate; in logits.
 *
 * @param {Pick<Unit, "effect" | "estimate">} unit
 */
export const sizeOf = ({ effect, estimate }) => effect ?? estimate ?? 0;

/**
 * The height of a layer's row, in pixels.
 *
 * @param {number} nLayers
 */
export const rowOf = nLayers => Math.max(15, Math.min(40, Math.floor(460 / nLayers)));

/**
 * @param {Unit[]} units
 * @param {{ nLayers: number, nTokens: number, width: number }} shape
 * @returns {Layout}
 */
export const layoutOf = (units, { nLayers, nTokens, width }) => {
  const row = rowOf(nLayers);
  const radius = radiusOf(units, row);
  /** @type {Map<number, Unit[]>} */
  const cells = new Map();
  for (const unit of units) {
    const at = unit.position * nLayers + unit.layer;
    cells.set(at, [...(cells.get(at) ?? []), unit]);
  }
  const needs = Array.from({ length: nTokens }, () => 0);
  for (const [at, inCell] of cells) {
    const column = Math.floor(at / nLayers);
    needs[column] = Math.max(needs[column], lengthOf(inCell.map(radius)));
  }
  const columns = share(needs, width - EDGE);
  /** @param {number} layer */
  const y = layer => TOP + (nLayers - 1 - layer + 0.5) * row;
  const places = [...cells.values()].flatMap(inCell => {
    const { layer, position } = inCell[0];
    return packed(inCell, radius, columns[position], y(layer));
  });
  places.sort((a, b) => b.r - a.r);
  return { columns, row, top: TOP, bottom: TOP + nLayers * row, places };
};

/**
 * Areas go with effects, from the least that can be seen.
 *
 * @param {Unit[]} units
 * @param {number} row
 * @returns {(unit: Unit) => number}
 */
const radiusOf = (units, row) => {
  const most = Math.max(...units.map(unit => Math.abs(sizeOf(unit))), 1e-12);
  const largest = Math.min(MOST_R, row / 2 + 1);
  return unit => LEAST_R + (largest - LEAST_R) * Math.sqrt(Math.abs(sizeOf(unit)) / most);
};

/** @param {number[]} radii */
const lengthOf = radii => radii.reduce((sum, r) => sum + 2 * r + GAP, 0);

/**
 * Widths of columns that fill a width: the same least one for each, the rest by need.
 *
 * @param {number[]} needs
 * @param {number} width
 * @returns {Column[]}
 */
const share = (needs, width) => {
  const least = Math.min(LEAST_COLUMN, width / needs.length);
  const most = MOST_NEEDED * width;
  const wanted = needs.map(need => Math.max(0, Math.min(most, need + 6) - least));
  const all = wanted.reduce((a, b) => a + b, 0);
  const rest = width - least * needs.length;
  // What nobody needs is shared by all alike.
  const spare = Math.max(0, rest - all) / needs.length;
  const part = all > rest ? rest / all : 1;
  let left = EDGE;
  return wanted.map(want => {
    const column = { left, width: least + spare + want * part };
    left += column.width;
    return column;
  });
};

/**
 * The units of a cell side by side, the largest first; where there is no room they overlap.
 *
 * @param {Unit[]} units
 * @param {(unit: Unit) => number} radius
 * @param {Column} column
 * @param {number} y
 * @returns {Place[]}
 */
const packed = (units, radius, { left, width }, y) => {
  const sorted = units.toSorted((a, b) => Math.abs(sizeOf(b)) - Math.abs(sizeOf(a)));
  const radii = sorted.map(radius);
  const length = lengthOf(radii);
  const room = Math.min(length, width - 4);
  const [first, last] = [radii[0], radii[radii.length - 1]];
  const start = left + width / 2 - room / 2 + first;
  // From the centre of the first to that of the last.
  const squeeze = (room - first - last) / (length - first - last);
  let along = 0;
  return sorted.map((unit, i) => {
    if (i) along += radii[i - 1] + GAP + radii[i];
    return { unit, x: start + along * squeeze, y, r: radii[i] };
  });
};

/** @type {Record<string, [number, number]>} */
const DIRECTIONS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Which unit an arrow key leads to; null where there is none that way, or it is no such key.
 *
 * @param {Place[]} places
 * @param {Place} from
 * @param {string} key
 */
export const nextPlace = (places, from, key) => {
  const direction = DIRECTIONS[key];
  if (!direction) return null;
  const [dx, dy] = direction;
  let found = null;
  let least = Infinity;
  for (const place of places) {
    const [right, down] = [place.x - from.x, place.y - from.y];
    const along = right * dx + down * dy;
    const aside = Math.abs(right * dy) + Math.abs(down * dx);
    if (place === from || along <= 0.01) continue;
    const far = along + 3 * aside;
    if (far < least) [found, least] = [place, far];
  }
  return found;
};
