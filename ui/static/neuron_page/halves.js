// @ts-check
// The two halves of a neuron side by side, and the rules that describe each.

import { bdi, faint, h, message } from "../page/dom.js";
import { counted, integer, number, percent, quoted } from "../page/format.js";
import { term } from "../page/glossary.js";
import { examples, exampleScale } from "../neuron/examples.js";
import { nothing, part, tokenTable } from "./parts.js";
import { halfName, isOfTokens, noRuleWords, ruleParts, withInterval } from "./words.js";

/** @typedef {import("./types.d.ts").Half} Half */
/** @typedef {import("./types.d.ts").Page} Page */
/** @typedef {import("./types.d.ts").Rule} Rule */

/**
 * @param {Page} page
 * @param {string} of the neuron, as macros take it
 */
export const description = ({ halves, missing }, of) =>
  part(
    "Description by rule",
    ["When it ", term("fired", "fires"), ", by ", term("description", "rule")],
    [["Description by rule", () => `FROM neuron_rules(${of})`]],
    missing.rules
      ? message(missing.rules)
      : h("div", { class: "kn-pair" }, ...halves.map(half => halfRules(half))),
    !missing.rules &&
      h(
        "p",
        { class: "kn-faint" },
        "Rules are chosen on half of the prompts; ",
        term("precision"),
        " and ",
        term("recall"),
        ", with 95 % intervals, come from the other half, the ",
        term("held-out prompts"),
        ".",
      ),
  );

/** @param {Half} half */
const halfRules = half => {
  const found = half.rules.filter(rule => rule.precision !== null);
  const [best, ...others] = found;
  const nHeldOut = half.rules[0]?.n_fired ?? 0;
  return h(
    "div",
    { class: "kn-half" },
    h("h4", {}, halfName(half.sign)),
    best ? ruleNode(best) : h("p", {}, noRuleWords(half.n_fired, nHeldOut)),
    others.length > 0 &&
      h(
        "details",
        {},
        h(
          "summary",
          {},
          `${counted(others.length, "other rule")} that hold${others.length > 1 ? "" : "s"}`,
        ),
        ...others.map(rule => ruleNode(rule)),
      ),
  );
};

/** @param {Rule} rule */
const ruleNode = rule => {
  const { begins, terms } = ruleParts(rule);
  const unit = isOfTokens(rule.kind) ? "token" : "prompt";
  const listed = terms.flatMap((words, i) => [
    i ? (i === terms.length - 1 ? " or " : ", ") : " ",
    isOfTokens(rule.kind) ? h("span", { class: "kn-chip" }, bdi(words)) : bdi(words),
  ]);
  const n = `${counted(rule.n ?? 0, `held-out ${unit}`)} named`;
  return h(
    "div",
    { class: "kn-described" },
    h("p", { class: "kn-described-words" }, begins, ...listed),
    h(
      "p",
      { class: "kn-faint" },
      "precision ",
      h("b", {}, withInterval(rule.precision, rule.precision_low, rule.precision_high)),
      ", recall ",
      h("b", {}, withInterval(rule.recall, rule.recall_low, rule.recall_high)),
      `; ${n}; `,
      term("base rate"),
      ` ${percent(rule.base_rate ?? 0)} of ${integer(rule.n_held_out)}`,
    ),
  );
};

/**
 * @param {Page} page
 * @param {string} of the neuron, as macros take it
 */
export const halvesPart = ({ halves, missing }, of) => {
  /** @type {[string, () => string][]} */
  const queries = [["Halves", () => `FROM neuron_halves(${of})`]];
  for (const sign of /** @type {const} */ ([1, -1])) {
    const name = halfName(sign);
    const sure = "WHERE lift_low > 1 AND n_both >= 2";
    queries.push(
      [`${name}: examples`, () => `FROM neuron_half_examples(${of}, ${sign}, 6, 4)`],
      [`${name}: at its firings`, () => `FROM neuron_tokens(${of}, ${sign})\n${sure}`],
      [`${name}: what follows`, () => `FROM neuron_tokens(${of}, ${sign}, shift := 1)\n${sure}`],
    );
  }
  return part(
    "Both halves",
    ["Its ", term("half", "halves"), " apart"],
    queries,
    missing.halves
      ? message(missing.halves)
      : h("div", { class: "kn-pair" }, ...halves.map(half => halfNode(half, missing))),
  );
};

/**
 * @param {Half} half
 * @param {import("../page/types.d.ts").Missing} missing
 */
const halfNode = (half, missing) => {
  const name = halfName(half.sign);
  if (!half.n_fired) {
    return h(
      "div",
      { class: "kn-half" },
      h("h4", {}, name),
      h("p", {}, "It never fired so: no activation reached the threshold on this side."),
      promotes(half, missing),
    );
  }
  const top = half.examples.filter(row => !row.sampled);
  const sample = half.examples.filter(row => row.sampled);
  const scale = exampleScale(top);
  return h(
    "div",
    { class: "kn-half" },
    h("h4", {}, name),
    h(
      "p",
      {},
      `Fires at ${counted(half.n_fired, "token")} (${percent(half.firing_rate)}) in ` +
        `${counted(half.n_prompts, "prompt")}; mean ${number(half.mean)}, largest ${number(half.largest)}.`,
    ),
    promotes(half, missing),
    half.at.length
      ? tokenTable(half.at, `${name}: what stands at its firings`)
      : nothing(undefined, "No token stands at its firings more often than chance gives."),
    half.follows.length
      ? tokenTable(half.follows, `${name}: what follows its firings`)
      : nothing(undefined, "No token follows its firings more often than chance gives."),
    h("h5", {}, "Strongest examples"),
    ...examples(top, scale, "It fired in no prompt."),
    sample.length > 0 && h("h5", {}, "A random sample of the rest"),
    ...(sample.length ? examples(sample, scale, "") : []),
  );
};

/**
 * @param {Half} half
 * @param {import("../page/types.d.ts").Missing} missing
 */
const promotes = (half, missing) => {
  if (missing.promotes) return message(missing.promotes);
  const chips = (/** @type {string[] | null} */ tokens, /** @type {number[] | null} */ scores) =>
    (tokens ?? [])
      .slice(0, 8)
      .map((token, i) =>
        h("span", { class: "kn-chip", title: number(scores?.[i]) }, bdi(quoted(token))),
      );
  const line = (/** @type {string} */ name, /** @type {HTMLElement[]} */ found) =>
    h(
      "div",
      { class: "kn-fact" },
      h("dt", {}, name),
      h("dd", {}, ...(found.length ? found : [faint("–")])),
    );
  return h(
    "dl",
    {},
    line("promotes then", chips(half.promoted, half.promoted_scores)),
    line("suppresses", chips(half.suppressed, half.suppressed_scores)),
  );
};
