// @ts-check
// What a neuron is about: lift over the corpus, concepts, and the facts that it serves.

import { bdi, faint, h, message } from "../page/dom.js";
import { integer, listedWords, number, percent } from "../page/format.js";
import { term } from "../page/glossary.js";
import { go } from "../page/navigate.js";
import { chip } from "../story/verdicts.js";
import { nothing, part, table, valueTable } from "./parts.js";

/** @typedef {import("./types.d.ts").Page} Page */

/**
 * @param {Page} page
 * @param {string} of the neuron, as macros take it
 */
export const aboutPart = ({ lift, concepts, missing }, of) =>
  part(
    "Concepts and lift",
    [term("concept", "Concepts"), " and ", term("lift")],
    [
      ["Lift", () => `FROM neuron_lift(${of})\nWHERE lift_low > 1 AND n_both >= 2`],
      ["Concepts", () => `FROM neuron_marks(${of})`],
    ],
    h(
      "div",
      { class: "kn-pair" },
      h(
        "div",
        { class: "kn-half" },
        lift.length
          ? valueTable(lift, "More of its prompts than of the corpus, with 95 % intervals")
          : nothing(
              missing.lift,
              "Its prompts are like the corpus: no country, continent or capital has a larger share of " +
                "them than chance gives.",
            ),
      ),
      h(
        "div",
        { class: "kn-half" },
        concepts.length
          ? conceptTable(concepts)
          : nothing(missing.concepts, "Its peaks mark no country, continent, capital or size."),
      ),
    ),
  );

/** @param {Page["concepts"]} concepts */
const conceptTable = concepts =>
  table(
    "Values that its peaks mark",
    ["value", term("AUROC"), "at least", "has the value", "fires for it", "n"],
    concepts.map(row => [
      h(
        "span",
        {},
        bdi(row.value),
        row.attribute === "country" ? null : faint(` ${row.attribute}`),
      ),
      number(row.auroc),
      h("span", { title: "lower end of its 95 % interval" }, number(row.auroc_low)),
      h(
        "span",
        { title: "share of the prompts where it fired that have the value" },
        percent(row.precision),
      ),
      h(
        "span",
        { title: "share of the prompts with the value where it fired" },
        percent(row.recall),
      ),
      integer(row.n),
    ]),
  );

/**
 * @param {Page} page
 * @param {string} of the neuron, as macros take it
 */
export const factsPart = ({ facts, missing }, of) =>
  part(
    "Facts it serves",
    ["Facts it serves as a ", term("knowledge neurons", "knowledge neuron")],
    [["Facts it serves", () => `FROM neuron_facts(${of})`]],
    facts.length
      ? h(
          "div",
          {},
          h("p", { class: "kn-faint" }, listedWords(facts[0].total, facts.length, "fact")),
          h("ul", { class: "kn-plain" }, ...facts.map(row => factItem(row, !missing.verdicts))),
          missing.verdicts && message(`No verdicts are shown. ${missing.verdicts}`),
        )
      : nothing(missing.facts, "It is a knowledge neuron of no fact that was attributed."),
  );

/**
 * @param {Page["facts"][number]} row
 * @param {boolean} judged whether there are verdicts at all
 */
const factItem = (row, judged) => {
  const { fact_id: id, subject, object, relation, share, causal, specific } = row;
  const open = () => go({ tab: "knowledge", fact: String(id), sentence: "", answer: "" });
  const button = h(
    "button",
    { type: "button", class: "kn-link", onclick: open },
    bdi(subject),
    " → ",
    bdi(object),
  );
  const chips = [
    causal && chip(`set to 0, its neurons carry it: ${causal}`, causal),
    specific && chip(`this fact’s own: ${specific}`, specific),
  ];
  const none = judged && !causal && !specific && faint("· no verdict: its neurons weren't changed");
  return h(
    "li",
    {},
    button,
    faint(` ${relation} · in ${percent(share)} of its wordings `),
    ...chips,
    none,
  );
};
