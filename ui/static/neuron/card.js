// @ts-check
// A neuron's card: firing rate, range, countries over chance, promoted and suppressed tokens.

import { bdi, faint, h, noteParts } from "../page/dom.js";
import { integer, number, percent, quoted } from "../page/format.js";

/** @typedef {import("../page/dom.js").Child} Child */

/** @param {import("../page/neuron.js").Neuron} neuron */
export const neuronCard = ({ card, countries, vocabulary, missing }) => {
  const why = (/** @type {string} */ part) => noteParts(missing[part] ?? "none");
  const rows = card
    ? [
        fact(
          "firing rate",
          `${percent(card.firing_rate)} of tokens`,
          faint(` · ${integer(card.n_fired)} times, threshold ${number(card.threshold)}`),
        ),
        fact(
          "range",
          `${number(card.min)} to ${number(card.max)}`,
          faint(` · mean ${number(card.mean)} · std ${number(card.std)}`),
        ),
      ]
    : [reason("statistics", why("card"))];
  if (countries.length) rows.push(fact("more in", ...countries.map(countryChip)));
  else if (!missing.top) rows.push(fact("more in", faint("no country beyond chance")));
  if (vocabulary) {
    rows.push(fact("promotes", ...tokenChips(vocabulary.promotes)));
    rows.push(fact("suppresses", ...tokenChips(vocabulary.suppresses)));
  } else {
    rows.push(reason("promotes / suppresses", why("vocabulary")));
  }
  return h("dl", {}, ...rows);
};

/**
 * @param {string} name
 * @param {(Node | string)[]} values
 */
const fact = (name, ...values) => {
  const title = values.map(v => (typeof v === "string" ? v : v.textContent)).join(" ");
  const value = h("dd", { class: "kn-one", title }, ...values);
  return h("div", { class: "kn-fact" }, h("dt", {}, name), value);
};

/**
 * Why there are no values: to be read whole.
 *
 * @param {string} name
 * @param {(Node | string)[]} words
 */
const reason = (name, words) =>
  h("div", { class: "kn-fact" }, h("dt", {}, name), h("dd", {}, ...words));

/** @param {import("../page/types.d.ts").Lift} row */
const countryChip = ({
  country,
  n,
  share,
  corpus_share: corpus,
  lift,
  lift_low: low,
  lift_high: high,
}) =>
  h(
    "span",
    {
      class: "kn-chip",
      title:
        `${country}: ${percent(share)} of the prompts in which it fired (${n}), ${percent(corpus)} of ` +
        `all: lift ${number(lift)}, 95 % interval ${number(low)} to ${number(high)}`,
    },
    bdi(country),
    ` ${percent(share)} `,
    faint(`of all ${percent(corpus)}`),
  );

/** @param {{ token: string, score: number }[]} tokens */
const tokenChips = tokens => {
  if (!tokens.length) return [faint("–")];
  return tokens.map(({ token, score }) =>
    h("span", { class: "kn-chip", title: number(score) }, bdi(quoted(token))),
  );
};
