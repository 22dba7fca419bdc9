// @ts-check
// A small chart of what is measured while a model trains: lines over steps, the last values in words.

import { faint, fill, h, s } from "../page/dom.js";
import { integer } from "../page/format.js";

const WIDTH = 320;
const HEIGHT = 110;
const LEFT = 4;
const BOTTOM = 16;

/** @typedef {[number, number]} Point step and value */
/** @typedef {{ name: string, colour: string, points: Point[] }} Line */
/**
 * @typedef {object} Chart
 * @property {number} last step of the axis
 * @property {number} [max] of the values; the largest there is where it isn't given
 * @property {Line[]} lines
 * @property {(value: number) => string} format
 */

/**
 * Where points are drawn: steps on a square-root axis, since most is learned early.
 *
 * @param {Point[]} points
 * @param {number} last
 * @param {number} max
 * @returns {Point[]} pixels
 */
export const places = (points, last, max) =>
  points
    .filter(point => Number.isFinite(point[1]) && point[1] !== null)
    .map(([step, value]) => [
      LEFT + (WIDTH - 2 * LEFT) * Math.sqrt(step / Math.max(1, last)),
      HEIGHT - BOTTOM - (HEIGHT - BOTTOM - LEFT) * Math.min(1, value / (max || 1)),
    ]);

export class LiveChart {
  #body = h("div", {});

  /** @param {(Node | string)[]} title which stays while the chart grows */
  constructor(...title) {
    this.node = h("figure", { class: "kn-live-chart" }, h("h3", {}, ...title), this.#body);
  }

  /** @param {Chart} chart */
  show(chart) {
    fill(this.#body, ...parts(chart));
  }
}

/** @param {Chart} chart */
const parts = ({ last, max, lines, format }) => {
  const most = max ?? Math.max(1e-9, ...lines.flatMap(line => line.points.map(point => point[1])));
  const drawn = lines.map(({ colour, points }) => {
    const at = places(points, last, most);
    const [x, y] = at.at(-1) ?? [-9, -9];
    const path = at.map(place => place.map(v => v.toFixed(1)).join(",")).join(" ");
    return s(
      "g",
      { class: colour },
      s("polyline", { points: path, fill: "none", stroke: "currentColor", "stroke-width": 1.8 }),
      s("circle", { cx: x, cy: y, r: 2.6, fill: "currentColor" }),
    );
  });
  const words = lines.map(({ name, points }) => {
    const value = points.at(-1)?.[1];
    return `${name} ${value === undefined || value === null ? "–" : format(value)}`;
  });
  const base = HEIGHT - BOTTOM;
  const label = { class: "kn-live-tick", y: HEIGHT - 4 };
  const plot = s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words.join(", ") },
    s("line", { x1: LEFT, x2: WIDTH - LEFT, y1: base, y2: base, class: "kn-live-axis" }),
    s("text", { ...label, x: LEFT, y: 9 }, format(most)),
    s("text", { ...label, x: LEFT }, "step 0"),
    s("text", { ...label, x: WIDTH - LEFT, "text-anchor": "end" }, integer(last)),
    ...drawn,
  );
  const legend = lines.map(({ colour }, i) =>
    h("span", { class: `kn-live-name ${colour}` }, h("i", {}), words[i]),
  );
  return [plot, faint(...legend)];
};
