// @ts-check
// What is chosen on the map: counted, summed up, listed, and opened as SQL.

import { bdi, faint, fill, h, message } from "../page/dom.js";
import { counted, integer, listedWords, number, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { sqlButton } from "../page/sql.js";
import { sharesOf } from "../points/labels.js";
import { RATES } from "./choice.js";

/** @typedef {import("../points/points.js").Points} Points */
/** @typedef {import("./choice.js").Choice} Choice */
/** @typedef {import("../page/dom.js").Child} Child */
/** @typedef {{ name: string, n?: number, lift?: number | null }} Common to many of the points */
/**
 * @typedef {object} Told
 * @property {Points} points
 * @property {Choice} choice
 * @property {number[]} members of the points
 * @property {number} silent hits that never fired, which are on no map
 * @property {Record<string, number>} ways in which words were found, with how many points
 * @property {Common[]} countries
 * @property {Common[]} words
 * @property {string} query
 */

const LISTED = 200;
/** @type {Record<string, Record<Points["kind"], string>>} */
const WAYS = {
  neuron: { neurons: "by their numbers", prompts: "" },
  city: { neurons: "fire most on a prompt about a city of that name", prompts: "are about it" },
  country: {
    neurons: "fire most on a prompt about that country",
    prompts: "are about that country",
  },
  continent: {
    neurons: "fire most on a prompt about that continent",
    prompts: "are about that continent",
  },
  promotes: { neurons: "promote it as a token", prompts: "" },
  text: { neurons: "", prompts: "have it in their text" },
};
const NONE = { cluster: "", find: "", region: "", layers: "", rate: "" };

export class Members {
  node = h("div", { class: "kn-selection", tabindex: "0", role: "region" });

  /** @param {(i: number) => void} choose */
  constructor(choose) {
    this.choose = choose;
    /** @type {HTMLElement | null} */
    this.pane = null;
  }

  /** @param {HTMLElement} pane that is there while anything is chosen */
  mount(pane) {
    this.pane = pane;
    this.node.setAttribute("aria-label", "The chosen points");
    pane.append(this.node);
    pane.hidden = true;
  }

  clear() {
    this.#fill(false);
  }

  /** While the server is asked. */
  wait() {
    if (this.pane?.hidden) this.#fill(true, message("looking it up …"));
  }

  /** @param {string} words */
  fail(words) {
    this.#fill(true, message(words, "error"));
  }

  /**
   * @param {boolean} isThere
   * @param {Child[]} children
   */
  #fill(isThere, ...children) {
    if (this.pane) this.pane.hidden = !isThere;
    fill(this.node, ...children);
    this.node.scrollTop = 0;
  }

  /** @param {Told} told */
  show(told) {
    const { points, members, choice, query } = told;
    const one = points.kind.slice(0, -1);
    const clear = { type: "button", class: "kn-sql", onclick: () => go({ ...NONE }) };
    this.#fill(
      true,
      h(
        "div",
        { class: "kn-head" },
        h("h3", {}, `${counted(members.length, one)} selected`),
        sqlButton(() => query),
        h("button", clear, "clear"),
      ),
      h("div", { class: "kn-chosen" }, ...chosenChips(choice)),
      ...sentences(told),
      h(
        "dl",
        {},
        told.countries.length > 0 && chips("countries", told.countries, bdi),
        told.words.length > 0 && chips("promote", told.words, word => bdi(quoted(word))),
      ),
      ...this.#list(points, members),
    );
  }

  /**
   * @param {Points} points
   * @param {number[]} members
   */
  #list(points, members) {
    if (!members.length) return [faint("none on the map")];
    const listed = members.slice(0, LISTED);
    const one = points.kind.slice(0, -1);
    const order = points.top ? ", the strongest first" : "";
    const item = (/** @type {number} */ i) =>
      h(
        "li",
        {},
        h("button", { type: "button", onclick: () => this.choose(i) }, ...itemWords(points, i)),
      );
    return [
      faint(listedWords(members.length, listed.length, one) + order),
      h("ol", { class: "kn-members" }, ...listed.map(item)),
    ];
  }
}

/**
 * @param {Points} points
 * @param {number} i
 * @returns {Child[]}
 */
const itemWords = (points, i) => {
  const [name, country] = [points.name(i), points.country(i)];
  const city = name ? `${name}${country ? `, ${country}` : ""}` : "";
  if (!points.top) return [h("b", {}, bdi(city || `prompt ${points.promptId(i)}`))];
  return [
    h("b", {}, `${points.layer?.[i]}/${points.neuron?.[i]}`),
    " ",
    number(points.top[i]),
    faint(city && " in ", city && bdi(city)),
  ];
};

/** @param {Told} told */
const sentences = ({ points, choice, silent, ways }) => {
  const { kind } = points;
  const label = choice.cluster === null ? null : points.labels.get(choice.cluster);
  const shares = label && sharesOf(label, kind);
  const found = Object.entries(ways).map(([way, n]) => `${integer(n)} ${WAYS[way]?.[kind] ?? way}`);
  return [
    label && h("p", {}, h("b", {}, bdi(label.label)), shares && faint(" ", bdi(shares))),
    choice.words && found.length > 0 && h("p", {}, `Found: ${found.join(", ")}.`),
    silent > 0 && h("p", {}, `${integer(silent)} of those found never fired: they have no place.`),
  ];
};

/**
 * What is chosen, each with a button that lets it go.
 *
 * @param {Choice} choice
 */
const chosenChips = ({ cluster, words, region, layers, rate }) => {
  /** @type {[string | false | null, Partial<typeof NONE>][]} */
  const parts = [
    [cluster !== null && `cluster ${cluster}`, { cluster: "" }],
    [words && `“${words}”`, { find: "" }],
    [region && "drawn region", { region: "" }],
    [layers && `layers ${layers.join(" to ")}`, { layers: "" }],
    [rate && `fires at ${RATES[rate].words}`, { rate: "" }],
  ];
  return parts.flatMap(([said, none]) => {
    if (!said) return [];
    const label = `without ${said}`;
    const onclick = () => go(none);
    const button = h("button", { type: "button", "aria-label": label, title: label, onclick }, "×");
    return [h("span", { class: "kn-chip" }, bdi(said), " ", button)];
  });
};

/**
 * @param {string} title
 * @param {Common[]} values
 * @param {(name: string) => Node} shown
 */
const chips = (title, values, shown) => {
  const lift = (/** @type {number} */ x) =>
    h(
      "span",
      { class: "kn-faint", title: "share here over share on the whole map" },
      ` · ${x.toFixed(1)}×`,
    );
  const each = values.map(({ name, n, lift: x }) =>
    h("span", { class: "kn-chip" }, shown(name), n ? ` ${integer(n)}` : "", x ? lift(x) : ""),
  );
  return h("div", { class: "kn-fact" }, h("dt", {}, title), h("dd", {}, ...each));
};
