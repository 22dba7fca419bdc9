// @ts-check
// The picture of a circuit: the prompt's tokens across, layers up, a mark for each unit.

import { h, s } from "../page/dom.js";
import { store } from "../page/store.js";
import { hideTip, showTip } from "../page/tip.js";
import { arcs } from "./arcs.js";
import { edgeLines, limitEdges } from "./edges.js";
import { cells, columns, heightOf, isTurned, labels, layerNumbers } from "./ground.js";
import { nodeWords } from "./head_words.js";
import { pickHead } from "./heads.js";
import { layoutOf, nextPlace, sizeOf } from "./layout.js";
import { cellWords, nodeKey, unitLabel } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Unit} Unit */
/** @typedef {import("./layout.js").Layout} Layout */

export class Picture {
  /** @type {Circuit | null} */
  #circuit = null;
  /** @type {Layout | null} */
  #layout = null;
  /** @type {Map<string, SVGElement>} by `nodeKey` */
  #nodes = new Map();
  /** @type {import("./edges.js").Drawn[]} */
  #edges = [];
  #nLayers = 0;
  #size = 0;
  #width = 0;
  /** @type {Set<string>} by `nodeKey`, those chosen for a change */
  #chosen = new Set();
  node = h("div", { class: "kn-circuit-picture" });

  /** @param {{ onpick: (unit: Unit, event: MouseEvent | KeyboardEvent) => void }} options */
  constructor({ onpick }) {
    this.onpick = onpick;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - this.#width) < 2) return;
      this.#width = contentRect.width;
      this.#draw();
    }).observe(this.node);
  }

  /**
   * @param {Circuit} circuit
   * @param {number} nLayers
   */
  show(circuit, nLayers) {
    this.#circuit = circuit;
    this.#nLayers = nLayers;
    this.#draw();
  }

  /**
   * Show the n strongest units of the circuit; those beyond are faint.
   *
   * @param {number} n
   */
  limit(n) {
    this.#size = n;
    for (const { unit } of this.#layout?.places ?? []) {
      const isBeyond = unit.kind === "neuron" && (unit.rank === null || unit.rank > n);
      this.#nodes.get(nodeKey(unit))?.classList.toggle("kn-beyond", isBeyond);
    }
    this.#limitEdges();
  }

  #limitEdges() {
    const isShown = (/** @type {string} */ key) =>
      !this.#nodes.get(key)?.classList.contains("kn-beyond");
    limitEdges(this.#edges, isShown, store.state.node || null);
  }

  /** Mark the unit of the address, and its neuron at other tokens. */
  mark() {
    const { node, layer, neuron } = store.state;
    for (const { unit } of this.#layout?.places ?? []) {
      const isNeuron = unit.kind === "neuron" && unit.layer === layer && unit.unit === neuron;
      const isHere = node.startsWith("h") ? nodeKey(unit) === node : isNeuron;
      this.#nodes.get(nodeKey(unit))?.setAttribute("aria-pressed", String(isHere));
    }
    this.#limitEdges();
  }

  /** @param {string[]} nodes by `nodeKey`, chosen for a change */
  choose(nodes) {
    this.#chosen = new Set(nodes);
    for (const [key, mark] of this.#nodes) {
      const isChosen = this.#chosen.has(key);
      mark.classList.toggle("kn-chosen", isChosen);
      if (isChosen) mark.setAttribute("aria-description", "chosen");
      else mark.removeAttribute("aria-description");
    }
  }

  #draw() {
    const circuit = this.#circuit;
    if (!circuit || this.#width < 40) return;
    const { units, prompt } = circuit;
    const nTokens = prompt.roles.length;
    const layout = layoutOf(units, { nLayers: this.#nLayers, nTokens, width: this.#width });
    this.#layout = layout;
    this.#edges = edgeLines(circuit.edges, layout);
    const turned = isTurned(circuit, layout);
    const svg = s(
      "svg",
      {
        class: "kn-units",
        width: this.#width,
        height: heightOf(layout, turned),
        role: "group",
        "aria-label":
          "Units by layer and token. Arrow keys move, Enter selects, Shift and Enter choose for a change.",
      },
      ...columns(circuit, layout),
      ...cells(circuit, layout, this.#nLayers),
      ...layerNumbers(layout, this.#nLayers),
      ...labels(circuit, layout, turned),
      ...arcs(circuit, layout, this.#nLayers, pickHead),
      ...this.#edges.map(({ line }) => line),
      ...this.#marks(circuit, layout),
    );
    this.#listen(svg);
    this.node.replaceChildren(svg);
    this.limit(this.#size);
    this.mark();
    this.choose([...this.#chosen]);
  }

  /**
   * @param {Circuit} circuit
   * @param {Layout} layout
   */
  #marks(circuit, layout) {
    this.#nodes.clear();
    const first = layout.places.find(({ unit }) => unit.rank === 1) ?? layout.places[0];
    return layout.places.map((place, i) => {
      const mark = shape(place, {
        "data-i": i,
        role: "button",
        tabindex: place === first ? 0 : -1,
        "aria-label": unitLabel(circuit, place.unit),
      });
      this.#nodes.set(nodeKey(place.unit), mark);
      return mark;
    });
  }

  /** @param {SVGSVGElement} svg */
  #listen(svg) {
    const placeOf = (/** @type {Event} */ event) => {
      const mark = /** @type {Element} */ (event.target).closest("[data-i]");
      return mark ? this.#layout?.places[Number(mark.getAttribute("data-i"))] : undefined;
    };
    svg.addEventListener("mousemove", event => this.#tell(event, placeOf(event)));
    svg.addEventListener("mouseleave", hideTip);
    svg.addEventListener("focusout", hideTip);
    svg.addEventListener("click", event => {
      const place = placeOf(event);
      if (place) this.onpick(place.unit, event);
    });
    svg.addEventListener("focusin", event => {
      const mark = /** @type {SVGElement} */ (event.target);
      const place = placeOf(event);
      if (!place || !this.#circuit || !mark.matches(":focus-visible")) return;
      const { right, bottom } = mark.getBoundingClientRect();
      showTip(right, bottom, ...nodeWords(this.#circuit, place.unit));
    });
    svg.addEventListener("keydown", event => this.#key(event, placeOf(event)));
  }

  /**
   * @param {MouseEvent} event
   * @param {import("./layout.js").Place | undefined} place
   */
  #tell(event, place) {
    if (!this.#circuit) return;
    const cell = /** @type {SVGElement} */ (event.target).closest(".kn-sum");
    if (place) showTip(event.clientX, event.clientY, ...nodeWords(this.#circuit, place.unit));
    else if (cell instanceof SVGElement) {
      const { layer, position } = cell.dataset;
      const words = cellWords(this.#circuit, Number(layer), Number(position));
      showTip(event.clientX, event.clientY, ...words);
    } else hideTip();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {import("./layout.js").Place | undefined} place
   */
  #key(event, place) {
    if (!place) return;
    if (event.key === "Enter" || event.key === " ") {
      this.onpick(place.unit, event);
      event.preventDefault();
      return;
    }
    const to = nextPlace(this.#layout?.places ?? [], place, event.key);
    if (!to) return;
    this.#nodes.get(nodeKey(place.unit))?.setAttribute("tabindex", "-1");
    const mark = this.#nodes.get(nodeKey(to.unit));
    mark?.setAttribute("tabindex", "0");
    mark?.focus();
    event.preventDefault();
  }
}

/**
 * A circle for a neuron, a diamond for a head; filled where it is for the answer, hollow against.
 *
 * @param {import("./layout.js").Place} place
 * @param {import("../page/dom.js").Attributes} attributes
 */
const shape = ({ unit, x, y, r }, attributes) => {
  const sign = sizeOf(unit) < 0 ? "kn-minus" : "kn-plus";
  if (unit.kind === "neuron") {
    return s("circle", { class: `kn-node ${sign}`, cx: x, cy: y, r, ...attributes });
  }
  const points = `${x},${y - r} ${x + r},${y} ${x},${y + r} ${x - r},${y}`;
  return s("polygon", { class: `kn-node kn-diamond ${sign}`, points, ...attributes });
};
