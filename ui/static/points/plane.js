// @ts-check
// The plane of a map: points on a canvas, what is marked on another over it, and which part is seen.

import { context2d, fitCanvas, onScheme } from "../page/canvas.js";
import { h } from "../page/dom.js";
import { Markers } from "./markers.js";
import { dotSize, paintDots, shuffled } from "./pixels.js";
import { fromScreen, pixelsPerUnit, shifted, toScreen, wholeView, zoomed } from "./view.js";

/** @typedef {import("./points.js").Placed} Placed */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Place} Place */

const DOT = 2.6; // CSS pixels of a dot where few points are all seen
const REACH = 12; // CSS pixels from the pointer

export class MapPlane {
  /** @type {Placed | null} */
  points = null;
  /** @type {View | null} null: all points */
  #view = null;
  #touched = false; // by who zoomed or moved it: else it follows the stage's size
  /** @type {import("./pixels.js").Dots | null} */
  #dots = null;
  /** @type {ImageData | null} the canvas' pixels */
  #image = null;
  #frame = 0; // that was asked for
  canvas = h("canvas", { tabindex: "0", role: "application" });
  #overlay = h("canvas", { class: "kn-overlay", "aria-hidden": "true" });

  /** @type {Uint8Array | null} by point, whether it can be seen and found: null where all can */
  shown = null;

  /**
   * @param {HTMLElement} stage
   * @param {(markers: Markers) => void} mark draws what is over the points
   * @param {{ size?: number, onmove?: (view: View | null) => void }} options `size` of a dot; `onmove`
   *   hears which part a person looks at, null for all
   */
  constructor(stage, mark, { size = DOT, onmove = () => {} } = {}) {
    this.stage = stage;
    this.mark = mark;
    this.onmove = onmove;
    this.dot = size;
    stage.prepend(this.canvas, this.#overlay);
    new ResizeObserver(() => {
      if (!this.#touched) this.#view = null;
      this.#paint();
    }).observe(stage);
    onScheme(() => this.#draw());
  }

  /** @param {Placed | null} points */
  show(points) {
    this.points = points;
    this.shown = null;
    this.#view = null;
    this.#touched = false;
    if (!points) return;
    const order = shuffled(points.n);
    const [x, y] = [new Float32Array(points.n), new Float32Array(points.n)];
    this.#dots = { order, x, y, colors: new Uint32Array(points.n) };
    this.#place();
  }

  /**
   * @param {Uint32Array} colors by point: none is drawn where it is 0
   * @param {Uint8Array | null} above by point, whether it is drawn over the others
   */
  colour(colors, above = null) {
    if (!this.#dots) return;
    const order = shuffled(colors.length);
    // sorted by one bit: within each half the order stays mixed
    if (above) {
      const [under, over] = [order.filter(i => !above[i]), order.filter(i => above[i])];
      order.set(under);
      order.set(over, under.length);
    }
    this.#dots.order = order;
    this.#dots.colors = Uint32Array.from(order, i => colors[i]);
    this.#place();
    this.#draw();
  }

  /** The points' x and y have changed: drawn at once, within the frame that moved them. */
  moved() {
    this.#place();
    this.#paint();
  }

  #place() {
    const { points } = this;
    if (!points || !this.#dots) return;
    const { order, x, y } = this.#dots;
    for (let k = 0; k < points.n; k++) {
      x[k] = points.x[order[k]];
      y[k] = points.y[order[k]];
    }
  }

  // -- drawing --------------------------------------------------------------------------------

  #size() {
    return { width: this.stage.clientWidth, height: this.stage.clientHeight };
  }

  #draw() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const size = this.#size();
    const { points, canvas } = this;
    if (!points || !this.#dots || !fitCanvas(canvas, size.width, size.height)) return;
    this.#view ??= wholeView(size, points.extent);
    const context = context2d(canvas);
    const { width, height } = canvas;
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = context.createImageData(width, height);
    }
    const ratio = width / size.width;
    const dot = dotSize(points.n, ratio * this.dot * Math.sqrt(this.#view.zoom));
    const [left, top] = toScreen(this.#view, size, [0, 0]).map(v => v * ratio - dot / 2 + 0.5);
    const scale = pixelsPerUnit(this.#view, size) * ratio;
    paintDots(this.#image, this.#dots, { left, top, scale, dot });
    context.putImageData(this.#image, 0, 0);
    this.paintMarks();
  }

  paintMarks() {
    const { width, height } = this.#size();
    const { points, stage } = this;
    if (!this.#view || !points || !fitCanvas(this.#overlay, width, height)) return;
    const context = context2d(this.#overlay);
    const ratio = this.#overlay.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const screen = (/** @type {Place} */ place) => this.toScreen(place);
    this.mark(new Markers(context, stage, points, screen));
  }

  // -- moving about ---------------------------------------------------------------------------

  /** @param {Place} place on the map */
  toScreen(place) {
    return toScreen(this.#shown(), this.#size(), place);
  }

  /** @param {Place} place on the screen */
  fromScreen(place) {
    return fromScreen(this.#shown(), this.#size(), place);
  }

  /** The view, null where there are no points. */
  seen() {
    return this.points && this.#view ? { ...this.#view } : null;
  }

  #shown() {
    if (!this.#view) throw new Error("nothing is drawn yet");
    return this.#view;
  }

  showAll() {
    this.see(null);
    this.onmove(null);
  }

  /** @param {View | null} view null: all points */
  see(view) {
    this.#view = view;
    this.#touched = Boolean(view);
    this.#paint();
  }

  /**
   * @param {number} factor
   * @param {Place} [at] what stays where it is: the middle
   */
  zoomBy(factor, at) {
    if (!this.#view) return;
    this.#touched = true;
    const size = this.#size();
    this.#view = zoomed(this.#view, size, factor, at ?? [size.width / 2, size.height / 2]);
    this.onmove(this.#view);
    this.#draw();
  }

  /**
   * @param {number} dx CSS pixels
   * @param {number} dy
   * @param {View} from
   */
  shift(dx, dy, from = this.#shown()) {
    this.#touched = true;
    const { x, y } = shifted({ ...from, zoom: this.#shown().zoom }, this.#size(), dx, dy);
    this.#view = { ...this.#shown(), x, y };
    this.onmove(this.#view);
    this.#draw();
  }

  /**
   * The point at a place of the screen, or -1.
   *
   * @param {Place} place
   */
  nearest(place) {
    const reach = REACH / pixelsPerUnit(this.#shown(), this.#size());
    return this.points?.find(...this.fromScreen(place), reach, this.shown) ?? -1;
  }

  /**
   * The nearest point in a direction, the better the straighter.
   *
   * @param {number} from a point, or -1: the middle of the screen
   * @param {Place} direction
   */
  towards(from, [dx, dy]) {
    const { points } = this;
    if (!points) return -1;
    const { width, height } = this.#size();
    const { shown } = this;
    if (from < 0) return points.find(...this.fromScreen([width / 2, height / 2]), 2, shown);
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < points.n; i++) {
      const [ax, ay] = [points.x[i] - points.x[from], points.y[i] - points.y[from]];
      const along = ax * dx + ay * dy;
      const across = Math.abs(ax * dy) + Math.abs(ay * dx);
      const d = along + 2 * across;
      if (i !== from && along > 0 && d < least && (!shown || shown[i])) {
        least = d;
        best = i;
      }
    }
    return best;
  }
}
