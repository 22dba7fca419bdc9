// @ts-check
// A lens beside the heatmap: after each layer the target's rank as a bar, and faint beside it the
// likeliest next token, where that says something.

import { bdi, fill, h } from "../page/dom.js";
import { compact, integer, quoted, shown } from "../page/format.js";
import { lensName } from "../page/lens_text.js";
import { chosenLens, distanceAfter, loadDistances } from "../page/readings.js";
import { store } from "../page/store.js";
import { readTarget } from "../page/target_text.js";
import { hideTip, showTip } from "../page/tip.js";
import { rankAfter, rankShare, saysSomething } from "./lens_words.js";

const EXACT = 10_000; // ranks from which they are rounded

export class LensRows {
  node = h("div", { class: "kn-labels" });

  /**
   * @param {number} nLayers
   * @returns {boolean} whether other rows are there now
   */
  begin(nLayers) {
    if (this.node.childElementCount === nLayers) return false;
    const rows = Array.from({ length: nLayers }, (_, i) => this.#row(nLayers - 1 - i, !i));
    fill(this.node, ...rows);
    return true;
  }

  /** @param {number} token */
  show(token) {
    const { prompt } = store;
    if (!prompt) return;
    const { data } = store.target;
    const isNext = readTarget(store.state.target)?.kind === "next";
    const { nLayers } = prompt;
    const chosen = chosenLens();
    [...this.node.children].forEach((line, i) => {
      const layer = nLayers - 1 - i;
      const [, bar, number, word] = /** @type {HTMLElement[]} */ ([...line.children]);
      const top = chosen.read?.(token, layer).top[0];
      const rank = rankAfter(chosen, data, isNext, token, layer);
      /** @type {HTMLElement} */ (bar.firstElementChild).style.width =
        `${100 * rankShare(rank ?? 0)}%`;
      number.textContent = rank
        ? rank < EXACT
          ? integer(rank)
          : compact(rank)
        : noRank(chosen, data);
      const waiting = chosen.words ? "…" : "";
      const words = top && saysSomething(top) ? shown(top.token).trim() : "";
      /** @type {Element} */ (word.firstElementChild).textContent = top ? words : waiting;
      line.classList.toggle("kn-right", rank === 1);
      line.setAttribute("aria-label", rowLabel(layer, rank, top));
    });
  }

  /** @param {number} layer that of the neuron on screen, -1 for none */
  mark(layer) {
    this.node.querySelector(".kn-at")?.classList.remove("kn-at");
    this.node.querySelector(`[data-layer="${layer}"]`)?.classList.add("kn-at");
  }

  /**
   * @param {number} layer
   * @param {boolean} isFirst of the column
   */
  #row(layer, isFirst) {
    return h(
      "div",
      {
        role: "img", // its label says it all in words; a click does nothing
        class: "kn-lens",
        "data-layer": layer,
        onmousemove: (/** @type {MouseEvent} */ e) =>
          showTip(e.clientX, e.clientY, ...lensTable(layer)),
        onmouseleave: hideTip,
        onfocus: (/** @type {{ target: HTMLElement }} */ { target }) => {
          if (!target.matches(":focus-visible")) return;
          const { right, top } = target.getBoundingClientRect();
          showTip(right, top, ...lensTable(layer));
        },
        onblur: hideTip,
        tabindex: isFirst ? "0" : "-1",
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, layer),
      },
      h("span", { class: "kn-no", "aria-hidden": "true" }, String(layer)),
      h("span", { class: "kn-rank", "aria-hidden": "true" }, h("i", {})),
      h("span", { class: "kn-p", "aria-hidden": "true" }),
      h("span", { class: "kn-word", "aria-hidden": "true" }, bdi("")),
    );
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} layer
   */
  #key(event, layer) {
    /** @type {Record<string, number>} */
    const targets = { ArrowDown: layer - 1, ArrowUp: layer + 1 };
    const next = this.node.querySelector(`[data-layer="${targets[event.key]}"]`);
    if (!(next instanceof HTMLElement)) return;
    next.focus();
    event.preventDefault();
  }
}

/**
 * @param {ReturnType<typeof chosenLens>} chosen
 * @param {import("../page/contributions.js").Contributions | null} data
 */
const noRank = ({ lens, words }, data) => {
  if (lens !== "logit") return words ? "…" : "";
  return data && !data.lensRank && !store.target.trouble ? "…" : "";
};

/**
 * @param {number} layer
 * @param {number | null} rank of the target
 * @param {import("../page/prompt.js").Likely | undefined} top
 */
const rowLabel = (layer, rank, top) => {
  const parts = [`Layer ${layer}`];
  if (rank) parts.push(`rank ${integer(rank)} of the target`);
  if (top) parts.push(`likeliest ${top.token}, probability ${top.probability.toPrecision(2)}`);
  return parts.join(": ");
};

/**
 * What the lens reads after a layer, for the tip.
 *
 * @param {number} layer
 * @returns {(Node | string)[]}
 */
const lensTable = layer => {
  if (!store.prompt) return [];
  loadDistances();
  const { tokens } = store.prompt;
  const { lens, read, words } = chosenLens();
  if (!read) {
    return [
      words
        ? "the lens of this prompt is being computed"
        : `no ${lensName(lens)} lens of this prompt yet`,
    ];
  }
  const token = store.state.token ?? 0;
  const { top, nextProbability, nextRank } = read(token, layer);
  const next = tokens[token + 1];
  const rank = ` · probability ${nextProbability.toPrecision(2)}, rank ${integer(nextRank)}`;
  const { data } = store.target;
  const target = data?.words[token];
  const isOther = data && target && target !== next;
  return [
    h("strong", {}, `Most likely next token ${where(lens, layer)}`),
    h("table", {}, ...top.map(likelyRow)),
    isOther &&
      h(
        "div",
        {},
        "Target: ",
        bdi(quoted(target)),
        lens !== "logit"
          ? " · its rank is told by the logit lens alone"
          : data.lensRank
            ? ` · rank ${integer(data.lensRank(token, layer))}`
            : " · its rank is being computed",
      ),
    next === undefined
      ? h("div", {}, "The prompt ends here.")
      : h("div", {}, "Next token: ", bdi(quoted(next)), rank),
    distanceLine(lens, layer),
  ].filter(part => part !== false && part !== null && part !== undefined && part !== "");
};

/**
 * @param {import("../page/lens_text.js").Lens} lens
 * @param {number} layer
 */
const where = (lens, layer) => {
  if (lens === "middle") return `after layer ${layer}’s attention, before its MLP`;
  return `after layer ${layer}${lens === "linear" ? ", by the linear lens" : ""}`;
};

/**
 * How far both lenses are from the model after the layer; of the stream before the MLP nothing is.
 *
 * @param {import("../page/lens_text.js").Lens} lens
 * @param {number} layer
 */
const distanceLine = (lens, layer) => {
  const distance = distanceAfter(layer);
  if (lens === "middle" || !distance) return null;
  const { logit_kl: logit, linear_kl: linear, n_prompts: n } = distance;
  const both = `logit lens ${logit.toFixed(2)}, linear lens ${linear.toFixed(2)} nats`;
  return h("div", {}, `KL from the model’s output, ${n} held-out prompts: ${both}`);
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
