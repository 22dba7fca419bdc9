// @ts-check
// Which part of a map is seen. The map's coordinates go from 0 to 1; the screen's are CSS pixels.

const [LEAST_ZOOM, MOST_ZOOM] = [0.3, 200];
const MARGIN = 1.04; // around all points

/** @typedef {{ x: number, y: number, zoom: number }} View left, top and 1 / width of what is seen */
/** @typedef {{ width: number, height: number }} Size of the stage */
/** @typedef {[number, number]} Place */

/** @param {Size} size */
const side = ({ width, height }) => Math.min(width, height);

/**
 * @param {View} view
 * @param {Size} size
 */
export const pixelsPerUnit = (view, size) => view.zoom * side(size);

/**
 * @param {View} view
 * @param {Size} size
 * @param {Place} place on the map
 * @returns {Place}
 */
export const toScreen = (view, size, [x, y]) => [
  (x - view.x) * view.zoom * side(size) + (size.width - side(size)) / 2,
  (y - view.y) * view.zoom * side(size) + (size.height - side(size)) / 2,
];

/**
 * @param {View} view
 * @param {Size} size
 * @param {Place} place on the screen
 * @returns {Place}
 */
export const fromScreen = (view, size, [px, py]) => [
  (px - (size.width - side(size)) / 2) / side(size) / view.zoom + view.x,
  (py - (size.height - side(size)) / 2) / side(size) / view.zoom + view.y,
];

/**
 * The view of all points.
 *
 * @param {Size} size
 * @param {[number, number]} extent of the points
 * @returns {View}
 */
export const wholeView = (size, [right, bottom]) => {
  const zoom = Math.min(size.width / right, size.height / bottom) / side(size) / MARGIN;
  return { x: 0.5 - 0.5 / zoom, y: 0.5 - 0.5 / zoom, zoom };
};

/**
 * Zoomed, so that what is at a place of the screen stays there.
 *
 * @param {View} view
 * @param {Size} size
 * @param {number} factor
 * @param {Place} at
 * @returns {View}
 */
export const zoomed = (view, size, factor, at) => {
  const zoom = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, view.zoom * factor));
  const [x, y] = fromScreen(view, size, at);
  const [x2, y2] = fromScreen({ ...view, zoom }, size, at);
  return { x: view.x + x - x2, y: view.y + y - y2, zoom };
};

/**
 * Moved by so many pixels.
 *
 * @param {View} view
 * @param {Size} size
 * @param {number} dx
 * @param {number} dy
 * @returns {View}
 */
export const shifted = (view, size, dx, dy) => ({
  ...view,
  x: view.x - dx / pixelsPerUnit(view, size),
  y: view.y - dy / pixelsPerUnit(view, size),
});

/**
 * A view as the address has it: how near, and where its middle is, whatever the size of the stage.
 *
 * @param {View} view
 */
export const viewText = ({ x, y, zoom }) => {
  const middle = [x + 0.5 / zoom, y + 0.5 / zoom].map(v => Number(v.toFixed(7)));
  return [Number(zoom.toPrecision(7)), ...middle].join(",");
};

/**
 * The view that a text of the address says; null where it says none.
 *
 * @param {string} text
 * @returns {View | null}
 */
export const viewOf = text => {
  const parts = text.split(",").map(part => (part.trim() ? Number(part) : NaN));
  if (parts.length !== 3 || !parts.every(Number.isFinite)) return null;
  const zoom = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, parts[0]));
  const [x, y] = parts.slice(1).map(v => Math.max(-1, Math.min(2, v)) - 0.5 / zoom);
  return { x, y, zoom };
};
