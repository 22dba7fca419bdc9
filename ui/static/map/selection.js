// @ts-check
// What a box or lasso on the map holds: counted, summed up, and opened as SQL.

import { bdi, faint, fill, h, message } from "../page/dom.js";
import { integer, quoted } from "../page/format.js";
import { ask } from "../page/server.js";
import { sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";

/** @typedef {import("../points/view.js").Place} Place */
/** @typedef {import("../page/dom.js").Child} Child */
/**
 * The answer of the question `selection`.
 *
 * @typedef {object} Selected
 * @property {number} n
 * @property {string} condition of SQL
 * @property {{ country: string, n: number, lift: number }[]} countries
 * @property {{ token: string, n: number }[]} words
 */

const CORNERS = 48; // of a lasso

/**
 * Every so many of a drawn line's corners.
 *
 * @param {Place[]} corners
 */
export const thinned = corners => {
  const step = Math.max(1, corners.length / CORNERS);
  const n = Math.ceil(corners.length / step);
  return Array.from({ length: n }, (_, i) => corners[Math.floor(i * step)]);
};

export class MapSelection {
  node = h("div", { class: "kn-selection", hidden: true });
  /** @type {Place[] | null} */
  outline = null;

  /** @param {() => void} onchange hears that the outline is another one */
  constructor(onchange) {
    this.onchange = onchange;
  }

  clear() {
    this.outline = null;
    this.node.hidden = true;
    this.onchange();
  }

  /**
   * @param {Place[]} drawn
   * @param {import("../points/points.js").Points} points
   * @param {string} macro which has the points
   */
  async select(drawn, points, macro) {
    const outline = thinned(drawn);
    this.outline = outline;
    this.onchange();
    const rounded = (/** @type {number} */ v) => Number(v.toPrecision(5));
    const corners = outline.map(corner => points.toData(...corner).map(rounded));
    this.node.hidden = false;
    fill(this.node, message("counting …"));
    try {
      const asked = { model: store.state.model, kind: points.kind, outline: corners };
      const selected = await ask("selection", asked);
      if (this.outline === outline) this.#show(selected, points.kind, macro);
    } catch (error) {
      fill(this.node, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  /**
   * @param {Selected} selected
   * @param {string} kind
   * @param {string} macro
   */
  #show({ n, countries, words, condition }, kind, macro) {
    const clear = { type: "button", class: "kn-sql", onclick: () => this.clear() };
    const lift = (/** @type {number} */ x) =>
      h(
        "span",
        { class: "kn-faint", title: "share here over share on the whole map" },
        ` · ${x.toFixed(1)}×`,
      );
    fill(
      this.node,
      h(
        "div",
        { class: "kn-head" },
        h("h3", {}, `${integer(n)} ${kind} selected`),
        sqlButton(() => `FROM ${macro}\nWHERE ${condition}`),
        h("button", clear, "clear"),
      ),
      h(
        "dl",
        {},
        chips(
          "countries",
          countries.map(row => [bdi(row.country), ` ${row.n}`, lift(row.lift)]),
        ),
        kind === "neurons" &&
          chips(
            "promote",
            words.map(row => [bdi(quoted(row.token)), ` ${row.n}`]),
          ),
      ),
    );
  }
}

/**
 * @param {string} title
 * @param {Child[][]} values
 */
const chips = (title, values) => {
  const shown = values.length
    ? values.map(words => h("span", { class: "kn-chip" }, ...words))
    : [faint("–")];
  return h("div", { class: "kn-fact" }, h("dt", {}, title), h("dd", {}, ...shown));
};
