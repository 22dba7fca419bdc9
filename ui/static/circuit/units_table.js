// @ts-check
// A table of a circuit's strongest units, with what each carries; each line selects its unit.

import { bdi, faint, h } from "../page/dom.js";
import { counted, number, quoted } from "../page/format.js";
import { store } from "../page/store.js";
import { IN_COMMON, neuronKey } from "./alike.js";
import { share } from "./buys.js";
import { carriedTitle, nodeKey, tokenWords, unitName } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").Listed} Listed */
/** @typedef {import("./types.d.ts").Promoted} Promoted */
/** @typedef {import("./alike.js").Group} Group */
/** @typedef {import("../page/dom.js").Child} Child */
/**
 * @typedef {object} Told
 * @property {boolean} isShare whether the score is a share, as in a specific circuit
 * @property {Promoted[]} neurons none where that isn't known
 * @property {Set<string>} common tokens that many neurons promote
 * @property {Group[] | null} groups null for all by rank
 * @property {(row: Listed) => void} onpick
 * @property {(nodes: string[]) => void} onchoose
 */

const SHOWN = 3; // tokens that a neuron promotes

/** @type {[string, (row: Listed) => number | null, string][]} words, value, and what it means */
const SHARES = [
  [
    "this fact",
    row => row.effect,
    "share of the logit difference lost by it alone, patched in a wording and with a contrast not used to choose it",
  ],
  [
    "subject's other facts",
    row => row.effect_subject,
    "the same share, the largest in size over the same subject's other facts",
  ],
  [
    "same answer",
    row => row.effect_answer,
    "the same share, mean over other subjects' facts with the same answer",
  ],
  [
    "same relation",
    row => row.effect_relation,
    "the same share, mean over facts of the relation with other answers",
  ],
  [
    "not asked",
    row => row.effect_frame,
    "change of the same logit difference where a sentence about the subject doesn't ask for it, as a share of the prompt's",
  ],
];

/** @type {typeof SHARES} of a sentence of one's own */
const OWN_SHARES = [
  [
    "patched alone",
    row => row.effect,
    "share of the logit difference lost by it alone, on the pair that it was chosen on",
  ],
];

/** @param {Circuit} circuit */
const sharesOf = ({ own }) => (own ? OWN_SHARES : SHARES);

/**
 * The place of a table that scrolls sideways.
 *
 * @param {string} label
 * @param {string} kind more classes
 */
export const tablePlace = (label, kind = "") =>
  h("div", {
    class: `kn-circuit-units ${kind}`,
    tabindex: "0",
    role: "region",
    "aria-label": label,
  });

/**
 * @param {Circuit} circuit
 * @param {Told} told
 */
export const unitsTable = (circuit, told) => {
  const { isShare, neurons, groups, onchoose } = told;
  const score = isShare
    ? "median estimate over contrasts, a share of the logit difference"
    : circuit.own
      ? "estimate, in logits"
      : "median estimate over contrasts, in logits";
  const heads = /** @type {[string, string, boolean][]} */ ([
    ["no.", "rank by the estimate", true],
    ["unit", "select it", false],
    ["token", "of the prompt that it was chosen on", false],
    ...(neurons.length
      ? [
          [
            "promotes",
            "what it writes, read by the linear lens: tokens that few neurons promote, or where there are none, with −, that it suppresses",
            false,
          ],
        ]
      : []),
    ...(circuit.own ? [] : [["carries", "by the shares beside it", false]]),
    ...sharesOf(circuit).map(([words, , title]) => [words, title, true]),
    ["estimate", score, true],
  ]).map(([words, title, isNumber]) =>
    h("th", { scope: "col", title, class: isNumber ? "kn-num" : null }, words),
  );
  const by = new Map(neurons.map(one => [neuronKey({ layer: one.layer, unit: one.neuron }), one]));
  const line = (/** @type {Listed} */ row) => unitRow(circuit, row, by, told);
  const bodies = groups
    ? groups.map(group =>
        h("tbody", {}, groupRow(group, heads.length, onchoose), ...group.rows.map(line)),
      )
    : [h("tbody", {}, ...circuit.listed.map(line))];
  return h("table", {}, h("thead", {}, h("tr", {}, ...heads)), ...bodies);
};

/**
 * The line above a group: the words in common, and a button that chooses its units for a change.
 *
 * @param {Group} group
 * @param {number} width in columns
 * @param {(nodes: string[]) => void} onchoose
 */
const groupRow = ({ words, rows }, width, onchoose) => {
  const nodes = rows.filter(row => row.position !== null).map(nodeKey);
  const choose = h(
    "button",
    { type: "button", class: "kn-link", onclick: () => onchoose(nodes) },
    "choose them",
  );
  const name = words.length
    ? words.flatMap((word, i) => [i ? ", " : "", bdi(`“${quoted(word)}”`)])
    : [`No ${IN_COMMON} words in common with another`];
  return h(
    "tr",
    { class: "kn-group" },
    h(
      "th",
      { scope: "rowgroup", colspan: String(width) },
      ...name,
      faint(` ${counted(rows.length, "unit")} `),
      words.length > 0 && choose,
    ),
  );
};

/**
 * @param {Circuit} circuit
 * @param {Listed} row
 * @param {Map<string, Promoted>} neurons
 * @param {Told} told
 */
const unitRow = (circuit, row, neurons, { isShare, common, onpick }) => {
  const { prompt, own } = circuit;
  const { rank, position, carries, score } = row;
  const name = h("button", { type: "button", class: "kn-pick" }, unitName(row));
  const chip = carries
    ? h("span", { class: `kn-chip kn-carries-${carries}`, title: carriedTitle(carries) }, carries)
    : "–";
  const value = isShare ? share(score) : number(score);
  return h(
    "tr",
    { "data-node": nodeKey(row), onclick: () => onpick(row) },
    h("td", { class: "kn-num" }, String(rank)),
    h("th", { scope: "row" }, name),
    h("td", {}, bdi(tokenWords(prompt, position))),
    ...(neurons.size ? [promotesCell(neurons.get(neuronKey(row)), common)] : []),
    ...(own ? [] : [h("td", {}, chip)]),
    ...sharesOf(circuit).map(([, of]) => h("td", { class: "kn-num" }, share(of(row)))),
    h("td", { class: "kn-num" }, value),
  );
};

/**
 * @param {Promoted | undefined} neuron
 * @param {Set<string>} common
 */
const promotesCell = (neuron, common) => {
  const words = (/** @type {string[] | null | undefined} */ tokens) =>
    (tokens ?? []).map(token => quoted(token)).join(" ");
  if (!neuron) return h("td", {}, "–");
  const title = `promotes ${words(neuron.promoted)}; suppresses ${words(neuron.suppressed)}`;
  const shown = (/** @type {string[] | null} */ tokens, /** @type {string} */ sign) =>
    (tokens ?? [])
      .filter(token => !common.has(token))
      .slice(0, SHOWN)
      .map(token => h("span", { class: "kn-chip" }, sign, bdi(quoted(token))));
  const promoted = shown(neuron.promoted, "");
  const chips = promoted.length ? promoted : shown(neuron.suppressed, "−");
  return h("td", { class: "kn-promotes", title }, ...chips);
};

/**
 * Mark the neuron on screen.
 *
 * @param {HTMLElement} table
 */
export const markUnits = table => {
  const { layer, neuron } = store.state;
  for (const row of table.querySelectorAll("tr[data-node]")) {
    const of = /** @type {HTMLElement} */ (row).dataset.node ?? "";
    const isHere = layer !== null && of.startsWith(`n${layer}.${neuron}.`);
    row.classList.toggle("kn-here", isHere);
    if (isHere) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
};
