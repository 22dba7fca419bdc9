// @ts-check
// The story of a fact: at the left in words, at the right in strips over one axis of steps.

import { fill, h, message, toggle } from "../page/dom.js";
import { FactPicker } from "../page/fact_picker.js";
import { dropFact, firstFact, isFact, isNoFact, noFacts } from "../page/facts.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { lastModel, stepNumbers, toStep } from "../page/steps.js";
import { emit, store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { setWaiting } from "../page/waiting.js";
import { knownStrip, lossStrip } from "./log.js";
import { NeuronMatrix } from "./matrix.js";
import { reason } from "./reasons.js";
import { Rules } from "./rules.js";
import { effectStrip, layerStrip, promptsStrip } from "./strips.js";
import { FactWords } from "./words.js";

/** @typedef {import("../training/training.js").Info} Info */
/** @typedef {import("./types.d.ts").Story} Story */

export class FactPane {
  /** @type {Info | null} */
  #info = null;
  /** @type {Story | null} */
  #story = null;
  #kind = "suppress";
  #turns = new Turns();
  #trouble = h("div", {});
  #stripTrouble = h("div", {});
  #rules = new Rules();
  #loss = lossStrip();
  #known = knownStrip();
  #prompts = promptsStrip(() => this.#story);
  #layer = layerStrip(() => this.#story);
  #effect = effectStrip(
    () => this.#story,
    () => this.#kind,
    () => this.#info?.missing.knowledge ?? this.#reason(),
  );
  #matrix = new NeuronMatrix(() => this.#story);
  #words = new FactWords({
    show: (to, step) => this.#goTo(to, step),
    again: () => this.load(),
  });

  /**
   * @param {HTMLElement} pane of the words
   * @param {HTMLElement} strips
   */
  constructor(pane, strips) {
    this.pane = pane;
    this.strips = strips;
    const onpick = (/** @type {number} */ id) => go({ fact: String(id) });
    const picker = new FactPicker({ model: lastModel, onpick, popup: true });
    pane.append(picker.node, this.#trouble, this.#words.node);
    const head = h("div", { class: "kn-head" }, h("h2", {}, "How it was learned"), this.#kinds());
    strips.append(head, this.#stripTrouble, this.#body());
  }

  #kinds() {
    const draw = (/** @type {string} */ kind) => {
      this.#kind = kind;
      this.#effect.show(stepNumbers());
      this.#words.kind(kind);
    };
    return toggle(
      "Intervention",
      [
        ["suppress", "suppress ×0"],
        ["amplify", "amplify"],
      ],
      this.#kind,
      draw,
    );
  }

  #body() {
    const all = this.#all().map(part => part.node);
    this.body = h(
      "div",
      { class: "kn-strips", hidden: true },
      this.#rules.labels,
      ...all,
      this.#rules.node,
    );
    return this.body;
  }

  #all() {
    return [this.#loss, this.#known, this.#prompts, this.#layer, this.#effect, this.#matrix];
  }

  /** @param {number} i */
  mark(i) {
    for (const strip of this.#all()) strip.mark(i);
    this.#rules.mark(i);
  }

  /** @param {Info} info */
  reset(info) {
    this.#info = info;
    this.#story = null;
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
      if (isLast()) this.#wait(false);
    }
  }

  /** @param {boolean} waits */
  #wait(waits) {
    for (const part of [this.pane, this.strips]) setWaiting(part, waits);
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
    this.#wait(true);
    const story = await remembered("training_fact", { model, fact: Number(store.state.fact) });
    if (isLast()) this.#show(story);
  }

  /** @param {HTMLElement} words */
  #fail(words) {
    this.#words.clear();
    if (this.body) this.body.hidden = true;
    fill(this.#trouble, words);
  }

  #reason() {
    return (this.#story && reason(this.#story)?.words) ?? undefined;
  }

  /** @param {Story} story */
  #show(story) {
    this.#story = story;
    const { fact_id: id, subject, object } = story.fact;
    emit("fact-named", id, `${subject} → ${object}`);
    const log = this.#info?.log ?? [];
    const missing = this.#info?.missing ?? {};
    fill(this.#trouble, missing.fact && message(missing.fact));
    fill(this.#stripTrouble, missing.knowledge && message(missing.knowledge));
    this.#words.show(story, this.#kind);
    if (this.body) this.body.hidden = false;
    this.#loss.show(log);
    this.#known.show(log);
    const unasked = missing.fact ?? (story.prompts.length ? null : this.#reason());
    for (const strip of [this.#prompts, this.#layer]) strip.show(stepNumbers(), unasked);
    this.#effect.show(stepNumbers());
    this.#matrix.show();
    // the words at the left say why nothing is there
    const isBare = !story.prompts.length && !story.neurons.length && !missing.fact;
    for (const strip of [this.#prompts, this.#layer, this.#effect, this.#matrix]) {
      strip.node.hidden = isBare;
    }
    this.#rules.show(story.milestones);
    this.mark(store.step);
  }

  /**
   * Show the evidence of a sentence.
   *
   * @param {string} to
   * @param {number} [step]
   */
  #goTo(to, step) {
    if (step !== undefined) toStep(stepNumbers().indexOf(step));
    /** @type {Record<string, HTMLElement>} */
    const parts = {
      prompts: this.#prompts.node,
      neurons: this.#matrix.node,
      effects: this.#words.effects,
      near: this.#words.near,
    };
    const part = parts[to];
    part?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    part?.classList.add("kn-shown");
    setTimeout(() => part?.classList.remove("kn-shown"), 1600);
  }
}
