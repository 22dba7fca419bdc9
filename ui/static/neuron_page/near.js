// @ts-check
// The neurons nearest to one, asked when the section comes into view: the peaks of all are read for it.

import { bdi, faint, fill, h, message } from "../page/dom.js";
import { integer, number, quoted } from "../page/format.js";
import { term } from "../page/glossary.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { store } from "../page/store.js";
import { nothing, part, table } from "./parts.js";

/** @typedef {import("./types.d.ts").Near} Near */

/**
 * @param {string} of the neuron, as macros take it
 * @param {() => boolean} isLast whether the page is still of this neuron
 */
export const nearPart = (of, isLast) => {
  const { model, layer, neuron } = store.state;
  const body = h("div", {}, h("p", { class: "kn-faint" }, "reading the peaks of all neurons …"));
  const node = part(
    "Nearest neurons",
    ["Nearest neurons"],
    [
      ["By behaviour", () => `FROM neurons_alike(${of}, k := 8)`],
      ["By what they promote", () => `FROM neurons_promoting_alike(${of}, k := 8)`],
    ],
    body,
  );
  const load = async () => {
    try {
      /** @type {Near} */
      const near = await remembered("neuron_near", { model, layer, neuron });
      if (isLast()) fill(body, h("div", { class: "kn-pair" }, alike(near), promoting(near)));
    } catch (error) {
      if (isLast()) fill(body, message(/** @type {Error} */ (error).message, "error"));
    }
  };
  const watch = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    watch.disconnect();
    load();
  });
  watch.observe(node);
  return node;
};

/**
 * @param {number} layer
 * @param {number} neuron
 */
const link = (layer, neuron) =>
  h(
    "button",
    { type: "button", class: "kn-link", onclick: () => go({ layer, neuron }) },
    `${layer}/${neuron}`,
  );

/** @param {Near} near */
const alike = ({ alike: found, missing }) =>
  h(
    "div",
    { class: "kn-half" },
    h("h4", {}, "By behaviour"),
    found.length
      ? table(
          "Largest cosine of the peaks over the prompts",
          ["neuron", "cosine", "both fired in"],
          found.map(row => [
            link(row.layer, row.neuron),
            number(row.cosine),
            `${integer(row.shared)} of its ${integer(row.n_prompts)} prompts`,
          ]),
        )
      : nothing(missing.alike, "It fired in no prompt with another neuron."),
    found.some(row => row.cosine < 0) &&
      h("p", { class: "kn-faint" }, "Below 0: the two fire together with opposite signs."),
  );

/** @param {Near} near */
const promoting = ({ promoting: found, missing }) =>
  h(
    "div",
    { class: "kn-half" },
    h("h4", {}, "By weights: what their ", term("value vector", "value vectors"), " promote"),
    found.length
      ? table(
          `Tokens in common, of the ${found[0].n_tokens} that it promotes and suppresses most`,
          ["neuron", "in common", "tokens"],
          found.map(row => [
            h("span", {}, link(row.layer, row.neuron), row.opposite && faint(" opposite")),
            integer(row.n_shared),
            h(
              "span",
              {},
              ...row.tokens.slice(0, 4).map(t => h("span", { class: "kn-chip" }, bdi(quoted(t)))),
            ),
          ]),
        )
      : nothing(missing.promotes, "No other neuron promotes any of its tokens."),
  );
