// @ts-check
// What is marked over the points of a map.

import { cssValue } from "../page/canvas.js";

/** @typedef {import("./view.js").Place} Place */

export class Markers {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {HTMLElement} stage whose styles it is drawn in
   * @param {import("./points.js").Placed} points
   * @param {(place: Place) => Place} toScreen
   */
  constructor(context, stage, points, toScreen) {
    this.context = context;
    this.stage = stage;
    this.points = points;
    this.toScreen = toScreen;
    this.ink = getComputedStyle(stage).color;
    this.ground = cssValue("--kn-ground", stage);
    this.width = stage.clientWidth;
  }

  /**
   * A ring around a point.
   *
   * @param {number} i the point; none where it is -1 or not on the map
   * @param {number} radius
   * @param {number} thickness
   */
  ring(i, radius, thickness) {
    const place = this.#place(i);
    if (!place) return;
    const { context } = this;
    /** @type {[string, number][]} */
    const strokes = [
      [this.ground, 3],
      [this.ink, 0],
    ];
    for (const [color, extra] of strokes) {
      context.beginPath();
      context.arc(...place, radius, 0, 2 * Math.PI);
      context.lineWidth = thickness + extra;
      context.strokeStyle = color;
      context.stroke();
    }
  }

  /**
   * Words beside a point.
   *
   * @param {number} i
   * @param {string} words
   */
  label(i, words) {
    const place = this.#place(i);
    if (!place) return;
    const [x, y] = place;
    const { context } = this;
    context.font = "600 13px system-ui, sans-serif";
    const width = context.measureText(words).width;
    const left = x + 14 + width > this.width ? x - 14 - width : x + 14;
    context.lineWidth = 4;
    context.strokeStyle = this.ground;
    context.strokeText(words, left, y + 4);
    context.fillStyle = this.ink;
    context.fillText(words, left, y + 4);
  }

  /**
   * A dashed figure.
   *
   * @param {Place[]} corners on the map
   */
  outline(corners) {
    const { context } = this;
    context.beginPath();
    for (const corner of corners) context.lineTo(...this.toScreen(corner));
    context.closePath();
    context.lineWidth = 1.5;
    context.strokeStyle = this.ink;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }

  /** @param {number} i */
  #place(i) {
    const { x, y } = this.points;
    return i < 0 || Number.isNaN(x[i]) ? null : this.toScreen([x[i], y[i]]);
  }
}
