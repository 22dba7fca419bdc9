// @ts-check
// Units chosen by hand or by the slider, changed together: what the model then does, beside what was
// foretold of it. The measurements stay listed while their subject is on screen.

import { fill, h, message } from "../page/dom.js";
import { counted } from "../page/format.js";
import { JobLine, runJob } from "../page/job.js";
import { go } from "../page/navigate.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { rowsTable, TITLES } from "./changes_table.js";
import {
  changesText,
  firstOf,
  HOW,
  MOST_CHOSEN,
  readChanges,
  subjectKey,
  toggled,
} from "./chosen.js";
import { isOwn, ownQuestion } from "./own.js";
import { tablePlace } from "./units_table.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").How} How */
/** @typedef {import("./changes_table.js").Row} Row */

/** @type {Record<How, string>} */
const BUTTONS = {
  patch: "patch",
  zero: "ablate to zero",
  mean: "ablate to the mean",
};
const HINT = "Click units with Shift or Ctrl, or press Shift and Enter on one, to choose them.";

export class Changes {
  /** @type {Circuit | null} */
  #circuit = null;
  /** @type {string[]} by `nodeKey` */
  #chosen = [];
  #size = 0;
  #subject = "";
  /** @type {Row[]} */
  #rows = [];
  #turns = new Turns();
  #line = new JobLine();
  #said = h("span", { class: "kn-count", role: "status" });
  #first = h("button", { type: "button", class: "kn-link", onclick: () => this.#chooseFirst() });
  #none = h(
    "button",
    { type: "button", class: "kn-link", onclick: () => this.choose([]) },
    "choose none",
  );
  #buttons = HOW.map(how =>
    h(
      "button",
      {
        type: "button",
        "data-how": how,
        title: `give them ${TITLES[how]}`,
        onclick: () => this.#change(how),
      },
      BUTTONS[how],
    ),
  );
  #trouble = h("div", {});
  #table = tablePlace("Changes that were measured", "kn-changes");
  node = h(
    "section",
    { "aria-label": "Change several units" },
    h(
      "div",
      { class: "kn-tools" },
      this.#said,
      this.#first,
      this.#none,
      h(
        "div",
        { class: "kn-toggle", role: "group", "aria-label": "Change them" },
        ...this.#buttons,
      ),
    ),
    this.#line.node,
    this.#trouble,
    this.#table,
  );

  /** @param {(chosen: string[]) => void} onchoose hears which units are chosen */
  constructor(onchoose) {
    this.onchoose = onchoose;
  }

  /** @param {Circuit} circuit that is on screen now */
  show(circuit) {
    this.#circuit = circuit;
    const subject = `${store.state.model} ${subjectKey(store.state)}`;
    if (subject !== this.#subject) {
      this.#subject = subject;
      this.#line.cancel();
      fill(this.#trouble);
      this.#rows = readChanges(store.state.changed, subjectKey(store.state)).map(change => ({
        ...change,
        found: null,
      }));
      this.#chosen = [];
    }
    this.choose(this.#chosen);
    this.#list();
    if (!circuit.own || circuit.own.is_measured) this.#run();
  }

  /** @param {number} n units that the slider shows */
  limit(n) {
    this.#size = n;
    const most = Math.min(n, MOST_CHOSEN);
    this.#first.hidden = !n;
    this.#first.textContent = `choose the ${n > most ? `first ${most}` : counted(n, "unit")} shown`;
  }

  /** @param {string} node */
  toggle(node) {
    this.choose(toggled(this.#chosen, node));
  }

  #chooseFirst() {
    this.choose(firstOf(this.#circuit?.units ?? [], this.#size));
  }

  /** @param {string[]} chosen by `nodeKey` */
  choose(chosen) {
    this.#chosen = chosen;
    const n = chosen.length;
    const words = n ? `${counted(n, "unit")} chosen.` : HINT;
    if (this.#said.textContent !== words) this.#said.textContent = words;
    this.#none.hidden = !n;
    const hasHead = chosen.some(node => node.startsWith("h"));
    for (const button of this.#buttons) {
      const isMean = button.dataset.how === "mean";
      button.disabled = !n || n > MOST_CHOSEN || (isMean && hasHead);
    }
    this.onchoose(chosen);
  }

  /** @param {How} how */
  #change(how) {
    const nodes = [...this.#chosen].sort();
    const isSame = (/** @type {Row} */ row) => row.how === how && row.nodes.join() === nodes.join();
    if (!this.#rows.some(isSame)) this.#rows = [...this.#rows, { how, nodes, found: null }];
    this.#keep();
    this.#list();
    this.#run();
  }

  /** @param {Row} row */
  #drop(row) {
    this.#rows = this.#rows.filter(one => one !== row);
    this.#keep();
    this.#list();
  }

  #keep() {
    go({ changed: changesText(subjectKey(store.state), this.#rows) }, { push: false });
  }

  /** Run what wasn't, one after the other. */
  async #run() {
    const isLast = this.#turns.begin();
    for (const row of this.#rows.filter(one => !one.found)) {
      try {
        const asked = isOwn()
          ? ownQuestion()
          : { model: store.state.model, fact: Number(store.state.fact) };
        const question = { ...asked, how: row.how, nodes: row.nodes.join(",") };
        const found = await this.#line.show((tell, signal) =>
          runJob("change_units", question, tell, signal),
        );
        row.found = found;
        if (!isLast()) return;
        fill(this.#trouble);
      } catch (error) {
        if (!isLast()) return;
        this.#drop(row);
        fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
        return;
      }
      this.#list();
    }
  }

  #list() {
    this.#table.hidden = !this.#rows.length;
    fill(
      this.#table,
      this.#rows.length > 0 &&
        rowsTable(
          this.#rows,
          row => this.#drop(row),
          row => this.choose(row.nodes),
        ),
    );
  }
}
