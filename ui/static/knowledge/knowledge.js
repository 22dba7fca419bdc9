// @ts-check
// The tab Knowledge: a fact or any sentence with its answer, the neurons it is attributed to, and
// what becomes of the answer when they are changed.

import { mountNeuron } from "../neuron/neuron.js";
import { AskFact } from "../page/ask_fact.js";
import { bdi, faint, fill, h, message, section } from "../page/dom.js";
import { FactPicker } from "../page/fact_picker.js";
import { dropFact, firstFact, isFact, isNoFact, noFacts } from "../page/facts.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { literal, modelLiteral, sqlButton } from "../page/sql.js";
import { emit, on, store } from "../page/store.js";
import { debounce, Turns } from "../page/timing.js";
import { setWaiting } from "../page/waiting.js";
import { AttributionPart } from "./attribution.js";
import { ChangePane } from "./change.js";
import { SentenceForm } from "./form.js";
import { factNotes, factStanding, isWhole, sentenceNotes, sentenceStanding } from "./notes.js";
import { Runs } from "./runs.js";
import { SharedFacts } from "./shared.js";
import { Subject } from "./subject.js";
import { promptTable } from "./fact_prompts.js";

/** @typedef {import("./subject.js").FactAnswer} FactAnswer */

const isVisible = () => store.state.tab === "knowledge";

class KnowledgeTab {
  #subject = new Subject();
  #turns = new Turns();
  /** @type {string | null} the model whose facts are listed */
  #listed = null;
  #form = new SentenceForm(() => this.#load());
  #title = h("h2", {}, "A fact");
  #about = h("span", { class: "kn-count" });
  #notes = h("div", { class: "kn-notes" });
  #asking = new AskFact({ model: () => store.state.model, done: () => this.#load() });
  #trouble = h("div", {});
  #body = h("div", { class: "kn-fact-body" });
  #prompts = h("div", { class: "kn-fact-prompts" });
  #sql = sqlButton(() => {
    const id = this.#subject.fact?.fact.fact_id ?? 0;
    return `FROM fact_prompt_answers(${modelLiteral()}, ${id})`;
  });
  #picker = new FactPicker({
    model: () => store.state.model,
    onpick: id => go({ fact: String(id), sentence: "", answer: "" }),
  });

  /** @param {import("../page/types.d.ts").Widget} widget */
  constructor(widget) {
    const { element } = widget;
    this.pane = section(element, "fact");
    const runs = new Runs();
    /** @type {import("./runs.js").Run} */
    const run = (question, tell, signal) => runs.run(question, tell, signal);
    this.change = new ChangePane(this.#subject, run, () => this.#form.missing());
    this.attribution = new AttributionPart(this.#subject, run, {
      steps: () => this.#form.steps(),
      begin: () => this.change.clear(),
      done: () => this.#showLive(),
    });
    this.shared = new SharedFacts(section(element, "shared"));
    this.#fillPanes(section(element, "facts"));
    mountNeuron(section(element, "neuron"), { withPrompt: false });
    this.#listen();
  }

  /** @param {HTMLElement} facts */
  #fillPanes(facts) {
    const query = () => `FROM search_facts(${modelLiteral()}, ${literal(this.#picker.text())})`;
    const factsHead = h("div", { class: "kn-head" }, h("h2", {}, "Facts"), sqlButton(query));
    facts.append(factsHead, this.#picker.node);
    const head = h("div", { class: "kn-head" }, this.#title, this.#about, this.#sql);
    this.pane.append(
      this.#form.node,
      head,
      this.#notes,
      this.#asking.node,
      this.#trouble,
      this.#body,
    );
  }

  #listen() {
    const all = debounce(0, () => {
      if (isVisible() && this.#listed !== store.state.model) {
        this.#listed = store.state.model;
        this.#picker.search();
      }
      this.#load();
      this.shared.load();
    });
    on("tab", tab => {
      if (tab === "knowledge") all();
    });
    for (const event of ["model", "sentence", "answer"]) on(event, () => all());
    on("tables", () => {
      const { fact } = this.#subject;
      if (store.state.sentence || (fact && !fact.missing)) return;
      this.#listed = null; // what the lists lacked may have come
      all();
    });
    on("fact", () => {
      this.#load();
      this.shared.load();
    });
    on("neuron-asked", () => {
      if (!isVisible()) return;
      this.shared.load();
      if (this.#subject.fact || this.#subject.live) this.change.neuronChanged();
    });
    if (store.state.model) all();
  }

  // -- loading --------------------------------------------------------------------------------

  async #load() {
    if (!isVisible() || !store.state.model) return;
    const isLast = this.#turns.begin();
    this.attribution.drop();
    this.#subject.live = null;
    this.#form.forget();
    if (store.state.sentence) {
      this.#runSentence();
      return;
    }
    try {
      await this.#loadFact(store.state.model, isLast);
    } catch (error) {
      if (!isLast()) return;
      if (isNoFact(error)) await dropFact(store.state.model);
      else this.#fail(message(/** @type {Error} */ (error).message, "error"));
    } finally {
      if (isLast()) setWaiting(this.pane, false);
    }
  }

  /**
   * @param {string} model
   * @param {() => boolean} isLast
   */
  async #loadFact(model, isLast) {
    if (!store.state.fact) {
      const first = await firstFact(model);
      if (!isLast() || store.state.fact) return;
      if (first === null) this.#fail(message(await noFacts(model)));
      else await go({ fact: String(first) }, { push: false });
      return;
    }
    if (!isFact(store.state.fact)) {
      await dropFact(model);
      return;
    }
    setWaiting(this.pane, true);
    const fact = await remembered("fact", { model, fact: Number(store.state.fact) });
    if (!isLast()) return;
    this.#showFact(fact);
    await this.#chooseNeuron(fact);
  }

  /**
   * One of the fact's neurons is selected, unless one is.
   *
   * @param {FactAnswer} fact
   */
  async #chooseNeuron({ neurons }) {
    const { layer, neuron } = store.state;
    const own = neurons.find(n => n.is_knowledge_neuron);
    const isAmong = neurons.some(n => n.layer === layer && n.neuron === neuron);
    if (own && !isAmong) await go({ layer: own.layer, neuron: own.neuron }, { push: false });
  }

  /** @param {HTMLElement} words */
  #fail(words) {
    fill(this.#body);
    fill(this.#trouble, words);
  }

  // -- a fact ---------------------------------------------------------------------------------

  /** @param {FactAnswer} fact */
  #showFact(fact) {
    const subject = this.#subject;
    if (subject.fact?.fact.fact_id !== fact.fact.fact_id) subject.prompt = null;
    subject.fact = fact;
    emit("fact-named", fact.fact.fact_id, `${fact.fact.subject} → ${fact.fact.object}`);
    fill(this.#title, bdi(fact.fact.subject), faint(" → "), bdi(fact.fact.object));
    fill(this.#about, ...factStanding(fact, subject));
    fill(this.#notes, ...factNotes(fact, subject));
    this.#asking.show(isWhole(fact, subject) ? null : { fact: fact.fact.fact_id });
    fill(this.#trouble, fact.missing && message(fact.missing));
    fill(this.#body, this.#prompts, this.attribution.node, this.change.node);
    this.#sql.hidden = false;
    this.#showWordings();
    this.attribution.show();
    this.change.show();
  }

  #showWordings() {
    const choose = (/** @type {number | null} */ prompt) => {
      this.#subject.prompt = prompt;
      this.#showWordings();
      this.change.show();
    };
    fill(this.#prompts, promptTable(this.#subject, choose));
  }

  // -- what is run live -----------------------------------------------------------------------

  #runSentence() {
    const { sentence, answer } = store.state;
    setWaiting(this.pane, false);
    this.#subject.fact = null;
    this.#sql.hidden = true;
    this.#form.fill(sentence, answer);
    fill(this.#title, "Your sentence");
    this.#asking.show({ sentence, answer });
    for (const part of [this.#about, this.#notes, this.#trouble]) fill(part);
    fill(this.#body, this.attribution.node, this.change.node);
    this.attribution.runLive({ sentence, answer });
  }

  #showLive() {
    const { live } = this.#subject;
    if (live && store.state.sentence) {
      fill(this.#about, sentenceStanding(live));
      fill(this.#notes, ...sentenceNotes(live, store.state.answer));
    }
    this.attribution.show();
    this.change.show();
  }
}

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = widget => void new KnowledgeTab(widget);
