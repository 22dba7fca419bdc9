// @ts-check
// The neurons that mark what a search names.

import { apart, bdi, h } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { literal, modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";

/**
 * A neuron that marks a value.
 *
 * @typedef {object} Marker
 * @property {number} layer
 * @property {number} neuron
 * @property {number} precision of the prompts in which it fires, those that have the value
 * @property {number} recall of those that have the value, the prompts in which it fires
 * @property {number} auroc of |peak|
 * @property {number} auroc_low lower end of its 95 % interval
 * @property {number} n prompts that have the value
 */
/** @typedef {{ layer: number, neuron: number, has: boolean }} Numbered by `17/498`, and if there is one */
/**
 * A value that was named, e.g. country Japan.
 *
 * @typedef {object} Concept
 * @property {string} attribute
 * @property {string} value
 * @property {Marker[]} neurons
 */

/**
 * @param {Concept} concept
 * @param {number} i its place in the list
 * @param {(option: HTMLElement) => void} onpick
 */
export const conceptGroup = (concept, i, onpick) => {
  const { attribute, value, neurons } = concept;
  const name = conceptWords(concept);
  const query = () =>
    `FROM concept_neurons(${modelLiteral()}, ${literal(value)}, attribute := ${literal(attribute)})`;
  const title = h(
    "li",
    { class: "kn-concept-name", role: "presentation" },
    h("span", {}, "Neurons for ", bdi(name)),
    sqlButton(query, `neurons for ${name}`),
  );
  const options = neurons.map(marker => option(marker, name, i, onpick));
  const group = h("ul", { role: "group", "aria-label": `Neurons for ${name}` }, title, ...options);
  return h("li", { class: "kn-concept", role: "presentation" }, group);
};

/**
 * The neuron that was named by its number, as an option.
 *
 * @param {Numbered} named
 * @param {(option: HTMLElement) => void} onpick
 */
export const numberedOption = ({ layer, neuron }, onpick) => {
  const words = `layer ${layer} · neuron ${neuron}`;
  const node = h(
    "li",
    {
      role: "option",
      class: "kn-numbered kn-marks",
      "data-layer": layer,
      "data-neuron": neuron,
      id: "kn-numbered",
      "aria-selected": "false",
      onclick: () => onpick(node),
    },
    h("span", { class: "kn-city" }, words),
    apart(),
    h("span", { class: "kn-snippet" }, "the neuron of this number"),
  );
  return node;
};

/** @param {Numbered} named of which the model has none */
export const noSuchNeuron = ({ layer, neuron }) => {
  const { n_layers: n = 0, n_neurons: width = 0 } = store.atlas ?? {};
  return (
    `There is no layer ${layer} · neuron ${neuron}: this model has layers 0 to ${n - 1}, each with ` +
    `neurons 0 to ${width - 1}.`
  );
};

/** @param {Pick<Concept, "attribute" | "value">} concept */
export const conceptWords = ({ attribute, value }) => {
  if (attribute === "capital") {
    return value === "capital" ? "capitals" : "other cities than capitals";
  }
  return attribute === "population" ? `cities of ${value}` : value;
};

/**
 * @param {Marker} marker
 * @param {string} name
 * @param {number} i
 * @param {(option: HTMLElement) => void} onpick
 */
const option = (marker, name, i, onpick) => {
  const { layer, neuron, precision, recall, auroc, auroc_low: low, n } = marker;
  const { state } = store;
  const title =
    `Precision ${percent(precision)}: share of its prompts from ${name}; ` +
    `recall ${percent(recall)}: share of the prompts from ${name} in which it fires; ` +
    `AUROC ${number(auroc)} of its peaks (0.5: chance, 1: perfect), at least ${number(low)} with 95 % ` +
    `confidence; n = ${integer(n)} prompts from ${name}.`;
  /** @type {[string, number][]} */
  const measures = [
    ["precision", precision],
    ["recall", recall],
    ["AUROC", auroc],
  ];
  const words = measures.map(([measure, share]) => `${measure}\u00a0${share.toFixed(2)}`);
  const node = h(
    "li",
    {
      role: "option",
      class: "kn-marks",
      "data-layer": layer,
      "data-neuron": neuron,
      id: `kn-marks-${layer}-${neuron}-${i}`,
      "aria-selected": String(layer === state.layer && neuron === state.neuron),
      onclick: () => onpick(node),
      title,
    },
    h("span", { class: "kn-city" }, `layer ${layer} · neuron ${neuron}`),
    apart(),
    h("span", { class: "kn-snippet" }, [...words, `n\u00a0${integer(n)}`].join(" · ")),
  );
  return node;
};
