// @ts-check
// The histogram of a neuron over the corpus: fired activations as they are counted, all others as one
// bar of its own, since they aren't stored.

import { fill, h, s } from "../page/dom.js";
import { integer, number } from "../page/format.js";
import { store } from "../page/store.js";
import { hereWords, histogramWords } from "./words.js";

/** @typedef {import("./types.d.ts").Bar} Bar */
/**
 * A bar as drawn, in pixels from the lower left.
 *
 * @typedef {{ bar: Bar, x: number, width: number, height: number, isCut: boolean }} Drawn
 */

const HEIGHT = 150;
const FOOT = 34;

/** Share of the width that the values below the threshold have at most: they are all one bar. */
const WIDEST = 0.25;

/**
 * Where bars are drawn, by the scale of activations, which is narrower between the thresholds where
 * that would take most of the plot. The tallest fired bar is as tall as the plot; the bar of those
 * that didn't fire is cut there where it has more tokens.
 *
 * @param {Bar[]} bars from the lowest, at least one
 * @param {number} width
 * @param {number} height
 */
export const layout = (bars, width, height) => {
  const low = bars[0].lower;
  const high = bars[bars.length - 1].upper;
  const middle = bars.find(bar => bar.sign === 0) ?? { lower: 0, upper: 0 };
  const between = middle.upper - middle.lower;
  const others = high - low - between;
  const narrow = others > 0 ? Math.min(1, (WIDEST / (1 - WIDEST)) * (others / (between || 1))) : 1;
  const span = others + narrow * between || 1;
  const x = (/** @type {number} */ value) => {
    const inside = Math.max(0, Math.min(between, value - middle.lower));
    return ((value - low - (1 - narrow) * inside) / span) * width;
  };
  const fired = bars.filter(bar => bar.sign !== 0).map(bar => bar.n);
  const most = Math.max(1, ...(fired.length ? fired : bars.map(bar => bar.n)));
  /** @type {Drawn[]} */
  const drawn = bars.map(bar => ({
    bar,
    x: x(bar.lower),
    width: Math.max(1, x(bar.upper) - x(bar.lower)),
    height: Math.min(1, bar.n / most) * height,
    isCut: bar.n > most,
  }));
  return { drawn, x, most, isNarrow: narrow < 1 };
};

/** The activation of the neuron on screen at the token on screen; null where it didn't fire. */
export const valueHere = () => {
  const { layer, neuron, token } = store.state;
  if (!store.prompt || layer === null) return null;
  const cells = store.prompt.fired(token ?? 0, layer);
  return cells.find(cell => cell.neuron === neuron)?.activation ?? null;
};

export class Histogram {
  /** @type {Bar[]} */
  #bars = [];
  #width = 0;
  #svg = s("svg", { role: "img", class: "kn-plot kn-histogram" });
  #box = h("div", { class: "kn-plot-box" }, this.#svg);
  #words = h("p", { class: "kn-faint" });
  node = h("div", {}, this.#box, this.#words);

  constructor() {
    new ResizeObserver(([entry]) => {
      this.#width = entry.contentRect.width;
      this.#paint();
    }).observe(this.#box);
  }

  /** @param {Bar[]} bars */
  show(bars) {
    this.#bars = bars;
    this.#svg.setAttribute("aria-label", histogramWords(bars));
    this.#paint();
  }

  /** Another token is on screen. */
  mark() {
    this.#paint();
  }

  #paint() {
    if (this.#width < 20 || !this.#bars.length) return;
    const { drawn, x, most, isNarrow } = layout(this.#bars, this.#width, HEIGHT);
    const middle = this.#bars.find(bar => bar.sign === 0);
    const here = valueHere();
    const isSink = store.prompt?.sinks.includes(store.state.token ?? 0) ?? false;
    const isBeyond = here !== null && (x(here) < 0 || x(here) > this.#width);
    this.#svg.setAttribute("width", String(this.#width));
    this.#svg.setAttribute("height", String(HEIGHT + FOOT));
    this.#svg.replaceChildren(
      ...drawn.map(bar => barMark(bar)),
      s("line", { class: "kn-ground", x1: 0, x2: this.#width, y1: HEIGHT, y2: HEIGHT }),
      ...this.#labels(x),
      ...(here === null || isSink || isBeyond ? [] : hereMark(x(here), this.#width)),
    );
    const where = hereWords(here, middle?.upper ?? null, { isSink, isBeyond });
    fill(
      this.#words,
      `The tallest bar of fired values is ${integer(most)} tokens. The dashed bar is the ` +
        `${integer(middle?.n ?? 0)} tokens below the threshold, whose values aren't stored` +
        `${isNarrow ? "; it is drawn narrower than the scale beside it" : ""}. `,
      store.prompt && where && h("b", {}, `At the token on screen: ${where}.`),
    );
  }

  /** @param {(value: number) => number} x */
  #labels(x) {
    const [first, last] = [this.#bars[0], this.#bars[this.#bars.length - 1]];
    const middle = this.#bars.find(bar => bar.sign === 0);
    const values = [first.lower, middle?.lower ?? 0, middle?.upper ?? 0, last.upper];
    const apart = (/** @type {number} */ a, /** @type {number} */ b) => Math.abs(x(a) - x(b)) > 44;
    const shown = values.filter((value, i) =>
      values.slice(0, i).every(other => apart(value, other)),
    );
    return shown.map(value => {
      const at = x(value);
      const anchor = at < 24 ? "start" : at > this.#width - 24 ? "end" : "middle";
      return s("text", { x: at, y: HEIGHT + 14, "text-anchor": anchor }, number(value));
    });
  }
}

/** @param {Drawn} drawn */
const barMark = ({ bar, x, width, height, isCut }) => {
  const kinds = { 1: "kn-plus", "-1": "kn-minus", 0: "kn-unfired" };
  const words =
    bar.sign === 0
      ? `${integer(bar.n)} tokens below the threshold, between ${number(bar.lower)} and ${number(bar.upper)}`
      : `${integer(bar.n)} tokens from ${number(bar.lower)} to ${number(bar.upper)}`;
  const rect = { x, y: HEIGHT - height, width: Math.max(1, width - 1), height };
  return s(
    "g",
    {},
    s("title", {}, isCut ? `${words}: the bar is cut` : words),
    s("rect", { class: `kn-bar-mark ${kinds[`${bar.sign}`]}`, ...rect }),
    isCut && s("text", { class: "kn-cut", x: x + width / 2, y: 12, "text-anchor": "middle" }, "⋮"),
  );
};

/**
 * @param {number} at
 * @param {number} width of the plot
 */
const hereMark = (at, width) => {
  const anchor = at < 24 ? "start" : at > width - 24 ? "end" : "middle";
  return [
    s("line", { class: "kn-at-here", x1: at, x2: at, y1: 0, y2: HEIGHT }),
    s("text", { class: "kn-at-here-word", x: at, y: HEIGHT + 28, "text-anchor": anchor }, "here"),
  ];
};
