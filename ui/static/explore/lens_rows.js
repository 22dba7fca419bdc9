// @ts-check
// The logit lens beside the heatmap: for each layer the likeliest next token after it.

import { bdi, fill, h } from "../page/dom.js";
import { integer, probability, quoted, shown } from "../page/format.js";
import { store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";

export class LensRows {
  node = h("div", { class: "kn-labels" });

  /** @param {number} nLayers */
  begin(nLayers) {
    fill(this.node, ...Array.from({ length: nLayers }, (_, layer) => this.#row(layer)));
  }

  /** @param {number} token */
  show(token) {
    const { lens, lensWords } = store.prompt ?? {};
    [...this.node.children].forEach((line, layer) => {
      const [, word, p] = line.children;
      const read = lens?.(token, layer);
      const top = read?.top[0];
      const waiting = lensWords ? "…" : "";
      const words = top ? shown(top.token).trim() || quoted(top.token) : waiting;
      /** @type {Element} */ (word.firstElementChild).textContent = words;
      p.textContent = top ? probability(top.probability) : "";
      const isRight = top !== undefined && read?.nextRank === 1;
      line.classList.toggle("kn-right", isRight);
      line.setAttribute("aria-label", rowLabel(layer, top, isRight));
    });
  }

  /** @param {number} layer that of the neuron on screen, -1 for none */
  mark(layer) {
    this.node.querySelector(".kn-at")?.classList.remove("kn-at");
    this.node.children[layer]?.classList.add("kn-at");
  }

  /** @param {number} layer */
  #row(layer) {
    return h(
      "button",
      {
        type: "button",
        class: "kn-lens",
        onmousemove: (/** @type {MouseEvent} */ e) =>
          showTip(e.clientX, e.clientY, ...lensTable(layer)),
        onmouseleave: hideTip,
        onfocus: (/** @type {{ target: HTMLElement }} */ { target }) => {
          if (!target.matches(":focus-visible")) return;
          const { right, top } = target.getBoundingClientRect();
          showTip(right, top, ...lensTable(layer));
        },
        onblur: hideTip,
        tabindex: layer ? "-1" : "0",
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, layer),
      },
      // The row's label says it all in words.
      h("span", { class: "kn-no", "aria-hidden": "true" }, String(layer)),
      h("span", { class: "kn-word", "aria-hidden": "true" }, bdi("")),
      h("span", { class: "kn-p", "aria-hidden": "true" }),
    );
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} layer
   */
  #key(event, layer) {
    /** @type {Record<string, number>} */
    const targets = { ArrowDown: layer + 1, ArrowUp: layer - 1 };
    const next = this.node.children[targets[event.key]];
    if (!(next instanceof HTMLElement)) return;
    next.focus();
    event.preventDefault();
  }
}

/**
 * @param {number} layer
 * @param {import("../page/prompt.js").Likely | undefined} top
 * @param {boolean} isRight
 */
const rowLabel = (layer, top, isRight) => {
  if (!top) return `Layer ${layer}`;
  const words = `Layer ${layer}: ${top.token}, probability ${top.probability.toPrecision(2)}`;
  return words + (isRight ? ", which is what follows" : "");
};

/**
 * What the lens reads after a layer, for the tip.
 *
 * @param {number} layer
 * @returns {(Node | string)[]}
 */
const lensTable = layer => {
  if (!store.prompt) return [];
  const { tokens, lens, lensWords } = store.prompt;
  if (!lens) {
    const words = "the lens of this prompt is being computed";
    return [lensWords ? words : "no logit lens of this prompt yet"];
  }
  const token = store.state.token ?? 0;
  const { top, nextProbability, nextRank } = lens(token, layer);
  const next = tokens[token + 1];
  const rank = ` · probability ${nextProbability.toPrecision(2)}, rank ${integer(nextRank)}`;
  return [
    h("strong", {}, `Most likely next token after layer ${layer}`),
    h("table", {}, ...top.map(likelyRow)),
    next === undefined
      ? h("div", {}, "The prompt ends here.")
      : h("div", {}, "Next token: ", bdi(quoted(next)), rank),
  ];
};

/** @param {import("../page/prompt.js").Likely} likely */
const likelyRow = ({ token, probability: p }) =>
  h(
    "tr",
    {},
    h("td", {}, bdi(quoted(token))),
    h("td", {}, h("span", { class: "kn-bar", style: `width:${(70 * p).toFixed(1)}px` })),
    h("td", { class: "kn-num" }, p.toPrecision(2)),
  );
