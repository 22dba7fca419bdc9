// @ts-check
// A fact through training: its answer, its saturation layer, its attribution by layer, and the effect
// of interventions on it and on its relation, with controls.

import { bdi, faint, fill, h, message } from "../page/dom.js";
import { FactPicker } from "../page/fact_picker.js";
import { dropFact, firstFact, isFact, isNoFact, noFacts } from "../page/facts.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { lastModel, stepNumbers } from "../page/steps.js";
import { emit, store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { EffectsChart } from "./effects.js";
import { chanceChart, saturationChart, attributionStrip, rankChart } from "./fact_charts.js";

/** @typedef {import("./training.js").Info} Info */
/**
 * A step of a fact's story.
 *
 * @typedef {object} StoryRow
 * @property {number} step
 * @property {number} probability of the answer, mean over prompts
 * @property {number} rank of the answer, median over prompts
 * @property {number} n_correct
 * @property {number} n_prompts
 * @property {number | null} saturation_layer
 */
/**
 * The answer of the question `training_fact`.
 *
 * @typedef {object} FactAnswer
 * @property {{ fact_id: number, subject: string, object: string, relation: string }} fact
 * @property {StoryRow[]} story
 * @property {{ step: number, layers: (number | null)[] }[]} attribution sums of scores by layer
 * @property {Record<"relation" | "fact", import("./effects.js").EffectRow[]>} effects
 */

const NOT_ASKED = "The model was not asked this fact. Ask more with `kn knowledge --facts`.";

export class FactPane {
  /** @type {Info | null} */
  #info = null;
  /** @type {FactAnswer | null} */
  #answer = null;
  #turns = new Turns();
  #title = h("p", { class: "kn-fact-title" });
  #trouble = h("div", {});
  #lines = [
    chanceChart(() => this.#answer),
    rankChart(() => this.#answer),
    saturationChart(() => this.#answer),
  ];
  #attribution = attributionStrip(
    () => this.#answer,
    () => this.#info,
  );
  #effects = new EffectsChart(
    () => this.#answer,
    () => this.#info,
  );
  charts = [...this.#lines, this.#attribution, this.#effects];
  #body = h("div", { class: "kn-charts", hidden: true }, ...this.charts.map(chart => chart.node));

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    const onpick = (/** @type {number} */ id) => go({ fact: String(id) });
    const picker = new FactPicker({ model: lastModel, onpick, popup: true });
    const title = h("h2", {}, "A fact through training");
    const head = h("div", { class: "kn-head" }, title, picker.node);
    pane.append(head, this.#title, this.#trouble, this.#body);
  }

  /** @param {Info} info */
  reset(info) {
    this.#info = info;
    this.#answer = null;
  }

  async load() {
    if (store.state.tab !== "training" || !store.steps.length) return;
    const isLast = this.#turns.begin();
    const missing = this.#info?.missing ?? {};
    if (missing.fact && missing.knowledge) {
      this.#fail(message(missing.fact));
      return;
    }
    try {
      await this.#loadChosen(isLast);
    } catch (error) {
      if (!isLast()) return;
      if (isNoFact(error)) await dropFact(lastModel());
      else this.#fail(message(/** @type {Error} */ (error).message, "error"));
    } finally {
      if (isLast()) this.pane.classList.remove("kn-waiting");
    }
  }

  /** @param {() => boolean} isLast */
  async #loadChosen(isLast) {
    const model = lastModel();
    if (!store.state.fact) {
      const first = await firstFact(model);
      if (!isLast() || store.state.fact) return;
      if (first === null) this.#fail(message(await noFacts(model)));
      else await go({ fact: String(first) }, { push: false }); // which calls load() again
      return;
    }
    if (!isFact(store.state.fact)) {
      await dropFact(model);
      return;
    }
    this.pane.classList.add("kn-waiting");
    const answer = await remembered("training_fact", { model, fact: Number(store.state.fact) });
    if (isLast()) this.#show(answer);
  }

  /** @param {HTMLElement} words */
  #fail(words) {
    this.#body.hidden = true;
    fill(this.#trouble, words);
  }

  /** @param {FactAnswer} answer */
  #show(answer) {
    this.#answer = answer;
    const { subject, object, relation } = answer.fact;
    emit("fact-named", answer.fact.fact_id, `${subject} → ${object}`);
    const link = { type: "button", class: "kn-sql", onclick: () => go({ tab: "knowledge" }) };
    fill(this.#trouble);
    fill(
      this.#title,
      h("b", {}, bdi(subject)),
      faint(" → "),
      h("b", {}, bdi(object)),
      faint(` · ${relation} · `),
      h("button", link, "its neurons in Knowledge"),
    );
    this.#body.hidden = false;
    const missing = this.#info?.missing.fact ?? (answer.story.length ? null : NOT_ASKED);
    for (const chart of this.#lines) chart.show(stepNumbers(), missing);
    this.#attribution.show(stepNumbers());
    this.#effects.show();
  }
}
