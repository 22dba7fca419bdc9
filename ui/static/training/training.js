// @ts-check
// The tab Training: the slider of steps, a fact and a neuron against it, the moving map, births and
// deaths, and the table of checkpoints. What is drawn is fetched once; the slider only moves markers.

import { fill, h, message, section } from "../page/dom.js";
import { ask } from "../page/server.js";
import { stepSlider } from "../page/step_slider.js";
import { baseOf } from "../page/steps_of.js";
import { on, store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { StepMap } from "../points/stepmap.js";
import { FactPane } from "../story/pane.js";
import { LayersPane } from "./layers.js";
import { NeuronPane } from "./neuron.js";
import { noSteps } from "./no_steps.js";
import { StoryPane } from "./story.js";

/**
 * The answer of the question `training`: what there is of a model.
 *
 * @typedef {object} Info
 * @property {string} name without its step
 * @property {string[]} others models of which there are steps
 * @property {number[]} steps
 * @property {string[]} relations
 * @property {Record<"births" | "deaths" | "n_alive" | "mean_final_overlap", (number | null)[][]>} layers
 *   by layer, then by step
 * @property {import("../story/log.js").LogRow[]} log of the training
 * @property {import("../page/types.d.ts").Missing} missing
 */

const PARTS = ["tfact", "tstrips", "tmap", "tneuron", "tlayers", "story"];

class TrainingTab {
  /** @type {Info | null} */
  #info = null;
  /** @type {string | null} the model it is of */
  #name = null;
  #turns = new Turns();
  #trouble = h("div", {});

  /** @param {import("../page/types.d.ts").Widget} widget */
  constructor({ element }) {
    const pane = (/** @type {string} */ name) => section(element, name);
    pane("steps").append(stepSlider({ wide: true }), this.#trouble);
    this.fact = new FactPane(pane("tfact"), pane("tstrips"));
    this.neuron = new NeuronPane(pane("tneuron"));
    this.layers = new LayersPane(pane("tlayers"));
    this.story = new StoryPane(pane("story"));
    this.map = new StepMap(pane("tmap"));
    this.charts = [this.fact, ...this.neuron.charts, ...this.layers.charts];
    this.parts = PARTS.map(pane);
    this.#listen();
  }

  #listen() {
    on("step", i => this.#mark(i));
    on("tab", tab => {
      if (tab === "training") this.#load();
    });
    on("model", () => this.#load());
    on("fact", () => {
      if (this.#info?.steps.length) this.fact.load();
    });
    on("neuron-asked", () => {
      if (this.#info?.steps.length) this.neuron.load();
    });
    if (store.state.model) this.#load();
  }

  async #load() {
    const { model, tab } = store.state;
    if (tab !== "training" || !model) return;
    const base = baseOf(model);
    const mayHaveCome = this.#info && Object.keys(this.#info.missing ?? {}).length > 0;
    if (base === this.#name && !mayHaveCome) {
      await Promise.all([this.fact.load(), this.neuron.load()]);
      return;
    }
    const isLast = this.#turns.begin();
    try {
      const info = await ask("training", { model });
      if (!isLast()) return;
      const isSame = base === this.#name && JSON.stringify(info) === JSON.stringify(this.#info);
      this.#info = info;
      this.#name = base;
      if (isSame) await Promise.all([this.fact.load(), this.neuron.load()]);
      else this.#show(info, base);
    } catch (error) {
      if (!isLast()) return;
      fill(this.#trouble, message(/** @type {Error} */ (error).message, "error"));
    }
  }

  /**
   * @param {Info} info
   * @param {string} name
   */
  #show(info, name) {
    const hasSteps = info.steps.length > 0;
    for (const part of this.parts) part.hidden = !hasSteps;
    fill(this.#trouble, !hasSteps && noSteps(info));
    this.fact.reset(info);
    this.neuron.reset(info);
    if (!hasSteps) return;
    this.layers.show(info);
    this.map.load(store.steps, info.missing.map);
    this.map.show(store.step);
    this.fact.load();
    this.neuron.load();
    this.story.show(info);
    this.#mark(store.step);
    document.documentElement.dataset.knTraining = name;
  }

  /** @param {number} i */
  #mark(i) {
    for (const chart of this.charts) chart.mark(i);
    this.story.mark();
    if (this.#name === baseOf(store.state.model)) this.map.show(i);
  }
}

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = widget => void new TrainingTab(widget);
