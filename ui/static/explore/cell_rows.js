// @ts-check
// Where cells are: layers from the last at the top to 0, each of one or more lines of cells.

/** @typedef {import("../page/prompt.js").Fired} Fired */
/** @typedef {{ cell: Fired, x: number, y: number }} Placed in pixels of the canvas */
/**
 * @typedef {object} Layout
 * @property {number} width of the canvas
 * @property {number} cell a cell's width,
 * @property {number} line and height
 * @property {number} row a layer's height
 * @property {number} lines of cells in a layer
 * @property {number} nLayers
 */

const TALL = 24; // pixels of a line at most,
const LOW = 13; // and at least: lower rows cut their glyphs
const BESIDE = 16; // a line's height where a layer has several

/**
 * @param {{ width: number, room: number, nLayers: number, busy: number, isCoarse: boolean }} given
 *   `room` for all rows in pixels, 0: as much as they take; `busy`: cells of a crowded layer;
 *   `isCoarse`: fingers, which need larger cells
 * @returns {Layout}
 */
export const layout = ({ width, room, nLayers, busy, isCoarse }) => {
  const least = isCoarse ? 16 : 7;
  const cell = Math.max(least, Math.min(20, Math.floor((width - 2) / Math.max(1, busy))));
  const each = room ? Math.floor(room / Math.max(1, nLayers)) : 0;
  const perLine = Math.max(1, Math.floor((width - 2) / cell));
  const wanted = Math.ceil(Math.max(1, busy) / perLine);
  const lines = Math.max(1, Math.min(wanted, Math.floor(each / BESIDE)));
  const least_line = isCoarse ? 22 : LOW;
  const line = Math.max(least_line, Math.min(TALL, Math.floor(each / lines)));
  return { width, cell, line, row: line * lines, lines, nLayers };
};

/**
 * The top of a layer's row.
 *
 * @param {Layout} to
 * @param {number} layer
 */
export const top = ({ nLayers, row }, layer) => (nLayers - 1 - layer) * row;

/**
 * The cells of a layer that have room, one after the other.
 *
 * @param {Layout} to
 * @param {number} layer
 * @param {Fired[]} cells the first have room first
 * @returns {Placed[]}
 */
export const inOrder = (to, layer, cells) => {
  const perLine = Math.max(1, Math.floor((to.width - 2) / to.cell));
  return cells.slice(0, perLine * to.lines).map((cell, i) => ({
    cell,
    x: 1 + (i % perLine) * to.cell,
    y: top(to, layer) + Math.floor(i / perLine) * to.line,
  }));
};

/**
 * All cells of a layer, each where its index is among all neurons: the same place at each token.
 *
 * @param {Layout} to
 * @param {number} layer
 * @param {Fired[]} cells
 * @param {number} nNeurons of a layer
 * @returns {Placed[]}
 */
export const byIndex = (to, layer, cells, nNeurons) => {
  const span = to.width - 2 - indexWidth(to);
  return cells.map(cell => ({
    cell,
    x: 1 + (span * cell.neuron) / Math.max(1, nNeurons - 1),
    y: top(to, layer),
  }));
};

/** @param {Layout} to */
export const indexWidth = ({ cell }) => Math.min(4, cell);

/**
 * The cell under a place, the last drawn of several; else the nearest within a few pixels.
 *
 * @param {Placed[]} placed of one layer
 * @param {number} x
 * @param {number} y
 * @param {number} width of a cell
 * @param {number} height
 */
export const under = (placed, x, y, width, height) => {
  const line = placed.filter(place => y >= place.y && y < place.y + height);
  const inside = line.findLast(place => x >= place.x && x < place.x + width);
  if (inside || width > 4) return inside ?? null;
  const away = (/** @type {Placed} */ place) => Math.abs(place.x + width / 2 - x);
  const nearest = line.reduce(
    (/** @type {Placed | null} */ best, place) =>
      best && away(best) <= away(place) ? best : place,
    null,
  );
  return nearest && away(nearest) <= 5 ? nearest : null;
};
