// @ts-check
// What every canvas needs.

/**
 * A style of the page, e.g. `cssValue("--kn-positive")`.
 *
 * @param {string} name
 * @param {Element} node
 */
export const cssValue = (name, node = document.body) =>
  getComputedStyle(node).getPropertyValue(name).trim();

/** @type {Map<string, number[]>} */
const colours = new Map();

/**
 * A colour of the page that is written as "r g b". Those of a scheme are looked up once, since that
 * costs the page a layout where it has changed.
 *
 * @param {string} name
 */
export const cssColour = name => {
  const known = colours.get(name);
  if (known) return known;
  const found = cssValue(name).split(/\s+/).map(Number);
  if (!found.some(Number.isNaN)) colours.set(name, found);
  return found;
};

/**
 * Size a canvas to its box in device pixels; false where it has no size yet (a hidden tab).
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width in CSS pixels
 * @param {number} height
 */
export const fitCanvas = (canvas, width, height) => {
  if (!(width > 0 && height > 0)) return false;
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return true;
};

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export const context2d = canvas => {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws on no canvas");
  return context;
};

/**
 * Call `f` when the system turns dark or light.
 *
 * @param {() => void} f
 */
export const onScheme = f =>
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    colours.clear();
    f();
  });
