// @ts-check
// The pane of a circuit's heads: what is lost without sight of the subject, each head from where to
// where, and of the selected one what it brings from each token.

import { bdi, fill, h, section } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { share } from "./buys.js";
import { headKey, headName, mainSource, signed, sizeOfHead } from "./head_words.js";
import { knockoutChart, knockoutWords } from "./knockout.js";
import { tokenWords } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Head} Head */

const LISTED = 10;
/** @type {[string, string][]} */
const COLUMNS = [
  ["writes", "logits toward the answer that it writes directly, norm's scale held"],
  ["effect", "logits lost where it alone is patched, beside the first contrast"],
  ["without subject", "share of the logit difference lost where it alone doesn't see the subject"],
];

/** @param {Head} head */
export const pickHead = head => go({ node: headKey(head) });

export class HeadsPane {
  /** @type {Circuit | null} */
  #circuit = null;
  #said = h("p", { class: "kn-sentence" });
  #chart = h("div", {});
  #table = h("div", {
    class: "kn-circuit-units",
    tabindex: "0",
    role: "region",
    "aria-label": "Heads",
  });
  #sources = h("div", { class: "kn-head-sources" });

  /** @param {Element} element of the tab */
  constructor(element) {
    this.pane = section(element, "cheads");
    const of = (/** @type {string} */ macro) => () =>
      `FROM ${macro}(${modelLiteral()}, ${store.state.fact || 0})`;
    this.pane.append(
      h(
        "div",
        { class: "kn-head" },
        h("h2", {}, "What heads bring"),
        sqlButton(of("fact_heads")),
        sqlButton(of("fact_knockout"), "knockout"),
        sqlButton(of("fact_edges"), "edges"),
      ),
      ...[this.#sources, this.#said, this.#chart, this.#table],
    );
    new ResizeObserver(() => this.#draw()).observe(this.#chart);
  }

  /** @param {Circuit | null} circuit none hides the pane */
  show(circuit) {
    this.#circuit = circuit;
    this.pane.hidden = !circuit?.heads.length;
    if (!circuit || this.pane.hidden) return;
    const heads = circuit.heads
      .toSorted((a, b) => Math.abs(sizeOfHead(b)) - Math.abs(sizeOfHead(a)))
      .slice(0, LISTED);
    this.#said.textContent = knockoutWords(circuit.knockout, store.atlas?.n_layers ?? 0);
    fill(this.#table, headsTable(circuit, heads));
    this.#draw();
    this.mark();
  }

  /** Mark the head of the address and tell what it brings. */
  mark() {
    const circuit = this.#circuit;
    if (!circuit || this.pane.hidden) return;
    for (const row of this.#table.querySelectorAll("tr[data-head]")) {
      const isHere = /** @type {HTMLElement} */ (row).dataset.head === store.state.node;
      row.classList.toggle("kn-here", isHere);
    }
    const head = circuit.heads.find(one => headKey(one) === store.state.node);
    fill(this.#sources, ...(head ? sourceTable(circuit, head) : []));
  }

  #draw() {
    const width = this.#chart.clientWidth;
    if (!this.#circuit || width < 60) return;
    const nLayers = store.atlas?.n_layers ?? 0;
    fill(this.#chart, knockoutChart(this.#circuit.knockout, nLayers, width));
  }
}

/**
 * @param {Circuit} circuit
 * @param {Head[]} heads
 */
const headsTable = ({ prompt }, heads) => {
  const row = (/** @type {Head} */ head) => {
    const source = mainSource(head)?.source_position ?? head.position;
    const token = (/** @type {number} */ i) => bdi(tokenWords(prompt, i));
    const name = h("button", { type: "button", class: "kn-pick" }, headName(head));
    const numbers = [signed(head.written), signed(head.effect), share(head.lost)];
    return h(
      "tr",
      { "data-head": headKey(head), onclick: () => pickHead(head) },
      h("th", { scope: "row" }, name),
      h("td", {}, token(source), " → ", token(head.position)),
      ...numbers.map(words => h("td", { class: "kn-num" }, words)),
    );
  };
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "head"),
        h("th", { scope: "col", title: "where most comes from, and where to" }, "from → to"),
        ...COLUMNS.map(([words, title]) =>
          h("th", { scope: "col", title, class: "kn-num" }, words),
        ),
      ),
    ),
    h("tbody", {}, ...heads.map(row)),
  );
};

/**
 * What a head brings from each token, the most first.
 *
 * @param {Circuit} circuit
 * @param {Head} head
 */
const sourceTable = ({ prompt }, head) => {
  const size = (/** @type {import("./types.d.ts").HeadSource} */ one) =>
    Math.abs(one.relevance ?? one.direct);
  const heads = ["from", "attention", "writes", "carries"];
  const titles = [
    "token",
    "attention weight",
    "logits toward the answer, directly",
    "logits toward the answer through all later units",
  ];
  const rows = head.sources.toSorted((a, b) => size(b) - size(a)).slice(0, 6);
  return [
    h("h3", {}, headName(head), " at “", bdi(tokenWords(prompt, head.position)), "”"),
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...heads.map((words, i) =>
            h("th", { scope: "col", title: titles[i], class: i ? "kn-num" : null }, words),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map(one =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, bdi(tokenWords(prompt, one.source_position))),
            ...[share(one.weight), signed(one.direct), signed(one.relevance)].map(words =>
              h("td", { class: "kn-num" }, words),
            ),
          ),
        ),
      ),
    ),
  ];
};
