// @ts-check
// The facts that share the selected neuron.

import { bdi, faint, fill, h, message } from "../page/dom.js";
import { integer, number } from "../page/format.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";

/** @typedef {{ fact_id: number, subject: string, object: string, relation: string, score: number }} Row */

const TITLE = "Facts that share it";
const NONE = "Not a knowledge neuron of any attributed fact.";

export class SharedFacts {
  #turns = new Turns();
  #title = h("h3", {}, TITLE);
  #list = h("div", { class: "kn-shared" });

  /** @param {HTMLElement} pane */
  constructor(pane) {
    const explore = { type: "button", class: "kn-sql", onclick: () => go({ tab: "explore" }) };
    const query = () => {
      const { layer, neuron } = store.state;
      return `FROM neuron_facts(${modelLiteral()}, ${layer}, ${neuron})`;
    };
    const head = h(
      "div",
      { class: "kn-head" },
      this.#title,
      h("button", explore, "open in Explore"),
      sqlButton(query),
    );
    pane.append(head, this.#list);
  }

  async load() {
    const { model, tab, layer, neuron } = store.state;
    if (tab !== "knowledge" || layer === null || neuron === null) return;
    const isLast = this.#turns.begin();
    try {
      const { rows } = await remembered("neuron_facts", { model, layer, neuron });
      if (isLast()) this.#show(rows);
    } catch (error) {
      if (!isLast()) return;
      fill(this.#list, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  /** @param {Row[]} rows */
  #show(rows) {
    const n = rows.length;
    const words = n === 1 ? "fact shares" : "facts share";
    this.#title.textContent = n ? `${integer(n)} ${words} it` : TITLE;
    fill(this.#list, n ? rows.map(factButton) : h("p", { class: "kn-faint" }, NONE));
  }
}

/** @param {Row} row */
const factButton = ({ fact_id, subject, object, relation, score }) => {
  const fact = String(fact_id);
  return h(
    "button",
    {
      type: "button",
      class: "kn-shared-fact",
      "aria-current": fact === store.state.fact ? "true" : null,
      onclick: () => go({ fact, sentence: "", answer: "" }),
    },
    bdi(subject),
    " → ",
    bdi(object),
    faint(` ${relation} · ${number(score)}`),
  );
};
