// @ts-check
// The current token in detail, a row for each layer under column heads: the lens, the neurons that
// fired, how many, and the attention heads.

import { bdi, fill, h } from "../page/dom.js";
import { marksWords, quoted } from "../page/format.js";
import { store } from "../page/store.js";
import { CellGrid } from "./cells.js";
import { HeadCells } from "./head_cells.js";
import { LensRows } from "./lens_rows.js";
import { targetWord } from "./target_chips.js";
import { orderWords } from "./tools.js";

const RANKS =
  "Where the target is among all tokens after each layer: rank 1 fills the bar, each tenfold rank takes a fifth of it away";
const LIKELIEST =
  "The likeliest next token after each layer; hidden where it has no letter or digit, or a probability under 0.1. All five on hover";

export class Detail {
  #lens = new LensRows();
  #rankHead = h("span", { class: "kn-rank-head", title: RANKS });
  #what = h("span", { title: "Layers are counted from 0, the first" });
  #legend = h("span", { class: "kn-legend" });
  #headHead = h("span", { class: "kn-column" });
  #row = 18;
  #height = 0; // of the place for the rows, 0 where it is as high as they are
  #room = 0; // what of the rows can be seen at once
  #isScrolled = false; // setting the place of rows that aren't would cost a layout

  /**
   * @param {(words: string) => void} say
   * @param {(head: import("./head_cells.js").Head) => void} onhead
   */
  constructor(say, onhead) {
    this.cells = new CellGrid(say);
    this.heads = new HeadCells(say, onhead);
    const fired = "How many fired; where not all have room, how many are drawn";
    this.rows = h(
      "div",
      { class: "kn-rows" },
      h(
        "div",
        { class: "kn-columns" },
        h("span", { class: "kn-no" }),
        this.#rankHead,
        h("span", { class: "kn-word", title: LIKELIEST }, "likeliest"),
      ),
      h("span", { class: "kn-column" }),
      h("span", { class: "kn-column kn-fired-head", title: fired }, "fired"),
      this.#headHead,
      this.#lens.node,
      this.cells.node,
      this.cells.counts,
      this.heads.node,
    );
    const over = h("div", { class: "kn-over" }, this.#what, this.#legend);
    this.node = h("div", { class: "kn-detail" }, over, this.rows);
    new ResizeObserver(() => this.#keep()).observe(this.rows);
    this.rows.addEventListener("scroll", () => {
      this.#isScrolled = this.rows.scrollTop > 0;
    });
  }

  /** @returns {import("./judge.js").Judge | null} */
  get judge() {
    return this.cells.judge;
  }

  /** @param {import("./judge.js").Judge | null} judge */
  set judge(judge) {
    this.cells.judge = judge;
  }

  /** @param {import("../page/prompt.js").Prompt} prompt */
  begin(prompt) {
    if (this.#lens.begin(prompt.nLayers) && this.#isScrolled) this.rows.scrollTop = 0;
    this.cells.begin(prompt);
  }

  /** Say what the columns and the colours show. */
  explain() {
    const { judge } = this;
    const { prompt, target, atlas } = store;
    if (!judge || !prompt) return;
    const ramp = (/** @type {string} */ kind) => h("span", { class: kind, "aria-hidden": "true" });
    const [above, below] = judge.signs;
    const hasNegative = judge.by !== "raw" || prompt.negative;
    fill(
      this.#legend,
      hasNegative && ramp("kn-ramp kn-minus"),
      hasNegative && below,
      ramp("kn-ramp"),
      `${above}, full: ${judge.full}`,
    );
    fill(this.#what, `by layer, from 0 · ${orderWords(judge.by, atlas?.n_prompts ?? 0)}`);
    const full = target.data ? ` (full: ${target.data.full.head} logit)` : "";
    if (target.data || target.missing) fill(this.#headHead, target.data?.nHeads ? "heads" : "");
    this.#headHead.title = `Contribution of each attention head${full}`;
  }

  /**
   * Sizes of rows and cells.
   *
   * @param {boolean} isWide panes are side by side, and rows have the room that is left
   * @returns {number} pixels that no row takes
   */
  measure(isWide) {
    this.heads.measure(this.rows.clientWidth);
    this.#height = isWide ? this.rows.clientHeight : 0;
    const room = isWide ? this.#height - this.#headHead.offsetHeight - 4 : 0;
    const { row } = this.cells.measure(room);
    this.#row = row;
    this.rows.style.setProperty("--row", `${row}px`);
    return room - row * (store.prompt?.nLayers ?? 0);
  }

  /**
   * Sizes for the prompt on screen without looking at the page, which costs a layout.
   *
   * @returns {boolean} whether the rows keep their heights, and their columns
   */
  again() {
    return this.heads.isMeasured() && this.cells.again();
  }

  /** Whether there is another place for the rows than was measured. */
  isResized() {
    const isTaller = this.#height && Math.abs(this.rows.clientHeight - this.#height) > 1;
    return Boolean(isTaller) || this.cells.isResized();
  }

  /** @param {number} token */
  show(token) {
    const word = targetWord(token);
    fill(this.#rankHead, "rank of ", bdi(word === null ? "…" : quoted(word)));
    this.#rankHead.title = [RANKS, word !== null && marksWords(word)].filter(Boolean).join(". ");
    this.#lens.show(token);
  }

  paint() {
    this.cells.paint();
    this.heads.paint(this.#row);
    this.#lens.mark(store.state.layer ?? -1);
  }

  /** Scroll to the layer of the neuron on screen. */
  reveal() {
    const y = this.#place();
    if (y === null || this.#isSeen(y, this.rows.clientHeight)) return;
    const left = this.rows.clientHeight - this.#headHead.offsetHeight - this.#row;
    this.rows.scrollTop = y - left / 2; // in the middle of what the column heads leave
  }

  /** What was in reach stays so where a message, or a form, takes room from the rows. */
  #keep() {
    const before = this.#room;
    this.#room = this.rows.clientHeight;
    const y = this.#room < before ? this.#place() : null;
    if (y !== null && this.#isSeen(y, before)) this.reveal();
  }

  /**
   * How far down the rows the layer of the neuron on screen is, less the column heads; null where
   * none is, or all are seen.
   */
  #place() {
    const { rows } = this;
    const line = rows.querySelector(`.kn-lens[data-layer="${store.state.layer}"]`);
    if (!(line instanceof HTMLElement) || rows.scrollHeight <= rows.clientHeight) return null;
    return line.offsetTop - this.#headHead.offsetHeight;
  }

  /**
   * @param {number} y as `#place` tells it
   * @param {number} room
   */
  #isSeen(y, room) {
    const { scrollTop } = this.rows;
    return y >= scrollTop && y + this.#headHead.offsetHeight + this.#row <= scrollTop + room;
  }
}
