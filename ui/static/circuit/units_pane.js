// @ts-check
// The strongest units of a circuit, by rank or by what they promote.

import { fill, h, message, toggle } from "../page/dom.js";
import { remembered } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { groupsOf, wordsBy } from "./alike.js";
import { which } from "./choice.js";
import { queryOf } from "./queries.js";
import { nodeKey } from "./unit_words.js";
import { markUnits, tablePlace, unitsTable } from "./units_table.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Listed} Listed */
/** @typedef {import("./types.d.ts").Promoted} Promoted */
/** @typedef {"rank" | "promoted"} Order */

/** @type {[Order, string][]} */
const ORDERS = [
  ["rank", "by rank"],
  ["promoted", "by what they promote"],
];

export class UnitsPane {
  /** @type {Circuit | null} */
  #circuit = null;
  #isShare = false;
  /** @type {Order} */
  #order = "rank";
  /** @type {Promoted[]} */
  #neurons = [];
  /** Tokens that many neurons promote. @type {Set<string>} */
  #common = new Set();
  #turns = new Turns();
  #table = tablePlace("The strongest units");
  #orders = toggle("Order of units", ORDERS, this.#order, order => {
    this.#order = order;
    this.#draw();
  });
  #sql = sqlButton(() => this.#query(), "what they promote");
  #note = h("div", {});
  node = h(
    "div",
    {},
    h("div", { class: "kn-tools" }, this.#orders, this.#sql),
    this.#table,
    this.#note,
  );

  /**
   * @param {(row: Listed) => void} onpick
   * @param {(nodes: string[]) => void} onchoose hears the units of a group
   */
  constructor(onpick, onchoose) {
    this.onpick = onpick;
    this.onchoose = onchoose;
  }

  /**
   * @param {Circuit} circuit
   * @param {boolean} isShare whether scores are shares, as in a specific circuit
   */
  async show(circuit, isShare) {
    const isLast = this.#turns.begin();
    this.#circuit = circuit;
    this.#isShare = isShare;
    this.#neurons = [];
    fill(this.#note);
    this.#draw();
    const nodes = circuit.listed.filter(row => row.position !== null).map(nodeKey);
    if (!nodes.length) return;
    const asked = { model: store.state.model, nodes: nodes.join(",") };
    try {
      const { neurons, common, missing } = await remembered("promoted", asked);
      if (!isLast()) return;
      fill(this.#note, missing && message(missing));
      this.#neurons = neurons;
      this.#common = new Set(common);
      this.#draw();
    } catch (error) {
      if (isLast()) fill(this.#note, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  /** Mark the neuron on screen. */
  mark() {
    markUnits(this.#table);
  }

  #query() {
    const circuit = this.#circuit;
    if (!circuit?.own) return queryOf(circuit, "circuit_vocabulary", `, circuit := '${which()}'`);
    const places = circuit.listed
      .filter(({ kind }) => kind === "neuron")
      .map(({ layer, unit }) => `(${layer}, ${unit})`);
    const where = `model = ${modelLiteral()} AND (layer, neuron) IN (${places.join(", ")})`;
    return `FROM neuron_vocabulary_linear WHERE ${where}\nORDER BY layer, neuron, sign DESC, rank`;
  }

  #draw() {
    const circuit = this.#circuit;
    if (!circuit) return;
    const isKnown = this.#neurons.length > 0;
    this.#orders.hidden = !isKnown;
    this.#sql.hidden = !isKnown;
    const isGrouped = isKnown && this.#order === "promoted";
    const { onpick, onchoose } = this;
    const told = {
      ...{ onpick, onchoose, isShare: this.#isShare },
      ...{ neurons: this.#neurons, common: this.#common },
      groups: isGrouped ? groupsOf(circuit.listed, wordsBy(this.#neurons, this.#common)) : null,
    };
    fill(this.#table, unitsTable(circuit, told));
    this.mark();
  }
}
