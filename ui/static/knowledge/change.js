// @ts-check
// The section Effect of interventions of the tab Knowledge: on all neurons or one, by any factor. Stored
// ones show at once; any other is run live where the model is on this machine.

import { fill, h, message, toggle } from "../page/dom.js";
import { JobLine } from "../page/job.js";
import { modelLiteral, sqlButton } from "../page/sql.js";
import { store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { setWaiting } from "../page/waiting.js";
import { asCircuits, liveChange, storedChange } from "./comparison.js";
import { liveNote, notPlaced, placedNote, relationPart, storedNote } from "./change_notes.js";
import { effectDots } from "../story/dots.js";
import { verdictLines } from "../story/verdicts.js";
import { changeTable } from "./table.js";

/** @typedef {import("./subject.js").Subject} Subject */
/** @typedef {import("./change_notes.js").Kind} Kind */
/** @typedef {"set" | "one" | "circuit"} Which neurons */

const DOUBLE = 2;
const NO_OTHER_FACT =
  "No other-fact control: there is no other fact that the model is known to know. `kn knowledge` asks them.";

export class ChangePane {
  /** @type {Kind} */
  #kind = "suppress";
  #factor = DOUBLE; // where neither suppressed nor doubled
  /** @type {Which} */
  #which = "set";
  #byHand = false; // whether the latter was chosen
  #turns = new Turns();
  #changed = h("div", {});
  #note = h("p", { class: "kn-faint" });
  #running = new JobLine();
  #sets = h("div", {});
  #kinds = toggle(
    "Intervention",
    /** @type {[Kind, string][]} */ ([
      ["suppress", "suppress ×0"],
      ["amplify", "amplify ×2"],
      ["other", "× factor"],
    ]),
    this.#kind,
    kind => {
      this.#kind = kind;
      this.#change(true);
    },
  );
  #sql = sqlButton(() => {
    const id = this.subject.fact?.fact.fact_id ?? 0;
    const positions = this.#which === "circuit" ? ", positions := 'circuit'" : "";
    return `FROM fact_interventions(${modelLiteral()}, ${id}${positions})\nWHERE kind = '${this.#kind}'`;
  });

  /**
   * @param {Subject} subject
   * @param {import("./runs.js").Run} run runs a question live
   * @param {() => Promise<string | null>} missing says why that can't be
   */
  constructor(subject, run, missing) {
    this.subject = subject;
    this.run = run;
    this.missing = missing;
    const title = "Effect of interventions";
    this.node = h(
      "section",
      { "aria-label": title },
      h("div", { class: "kn-head" }, h("h3", {}, title), this.#sql),
      h("div", { class: "kn-tools" }, this.#kinds, this.#factorBox(), this.#sets),
      this.#note,
      this.#running.node,
      this.#changed,
    );
  }

  /** Show what has just come on screen. */
  show() {
    this.#showSets();
    this.#change();
  }

  /** Another neuron was selected. */
  neuronChanged() {
    this.#showSets();
    if (this.#which === "one") this.#change(this.#byHand);
  }

  clear() {
    this.#turns.drop();
    this.#reset();
    fill(this.#changed);
    fill(this.#sets);
  }

  #reset() {
    this.#running.cancel();
    this.#sql.hidden = true;
    this.#note.textContent = "";
    setWaiting(this.#changed, false);
  }

  #factorBox() {
    const box = h("input", {
      type: "number",
      min: "0",
      max: "100",
      step: "0.5",
      value: String(DOUBLE),
      "aria-label": "Factor",
      class: "kn-factor",
    });
    box.addEventListener("change", () => {
      this.#factor = Number(box.value);
      this.#kind = "other";
      this.#kinds.set("other");
      this.#change(true);
    });
    return box;
  }

  #showSets() {
    const n = this.subject.neurons().length;
    const { layer, neuron } = store.state;
    const kind = this.subject.live ? "strongest neuron" : "knowledge neuron";
    const plural = this.subject.live || n !== 1 ? "s" : "";
    /** @type {[Which, string][]} */
    const choices = [];
    if (n) choices.push(["set", `its ${n} ${kind}${plural}`]);
    const placed = this.subject.live ? null : this.subject.fact?.circuit.interventions[0];
    if (placed) choices.push(["circuit", `its circuit's ${placed.n_neurons}, at their tokens`]);
    if (layer !== null) choices.push(["one", `layer ${layer} · neuron ${neuron} alone`]);
    if (!this.#byHand || !choices.some(([which]) => which === this.#which)) {
      this.#which = choices[0]?.[0] ?? "set";
      this.#byHand = false;
    }
    const choose = (/** @type {Which} */ which) => {
      this.#which = which;
      this.#byHand = true;
      this.#change(true);
    };
    fill(this.#sets, choices.length > 0 && toggle("Which neurons", choices, this.#which, choose));
  }

  // -- changing -------------------------------------------------------------------------------

  /** @param {boolean} clicked what isn't stored is run at once, since someone has just chosen it */
  async #change(clicked = false) {
    const isLast = this.#turns.begin();
    const { fact, live } = this.subject;
    const set = this.subject.neurons();
    const { layer, neuron } = store.state;
    this.#reset();
    if (this.#which === "circuit") {
      this.#showPlaced();
      return;
    }
    if (!set.length && layer === null) {
      fill(this.#changed);
      return;
    }
    const isSet = this.#which === "set";
    if (!live && isSet && this.#kind !== "other" && fact?.interventions.length) {
      this.#showStored(fact.interventions);
      return;
    }
    const missing = await this.missing();
    if (!isLast()) return;
    if (missing) fill(this.#changed, message(missing));
    else if (!clicked && !live) fill(this.#changed, this.#offer());
    else await this.#runLive(isSet ? set : [[Number(layer), Number(neuron)]], isLast);
  }

  /** @param {import("./comparison.js").Intervention[]} interventions */
  #showStored(interventions) {
    const { prompt } = this.subject;
    const rows = storedChange(interventions, this.#kind, prompt);
    this.#sql.hidden = false;
    this.#note.textContent = storedNote(rows[0], this.subject);
    const effects = this.subject.fact?.own_effects.filter(e => e.kind === this.#kind) ?? [];
    fill(
      this.#changed,
      ...verdictLines(this.subject.fact?.verdicts ?? [], this.#kind),
      effectDots(effects),
      changeTable(rows, this.subject.answerToken()),
      relationPart(this.subject, this.#kind),
    );
  }

  #showPlaced() {
    const { circuit } = /** @type {import("./subject.js").FactAnswer} */ (this.subject.fact);
    const rows = storedChange(circuit.interventions, this.#kind, this.subject.prompt);
    const isThere = rows.some(row => row.condition === "knowledge_neurons");
    if (!isThere) {
      fill(this.#changed, message(notPlaced(this.#kind)));
      return;
    }
    this.#sql.hidden = false;
    this.#note.textContent = placedNote(rows[0], this.subject);
    fill(
      this.#changed,
      ...verdictLines(circuit.verdicts, this.#kind),
      effectDots(asCircuits(circuit.own_effects.filter(e => e.kind === this.#kind))),
      changeTable(asCircuits(rows), this.subject.answerToken()),
    );
  }

  #offer() {
    const link = { type: "button", class: "kn-link", onclick: () => this.#change(true) };
    const words = "Not stored. ";
    const run = h("button", link, "Run it live");
    return h("p", { class: "kn-message kn-note" }, words, run, ".");
  }

  #newFactor() {
    if (this.#kind === "other") return this.#factor;
    return this.#kind === "suppress" ? 0 : DOUBLE;
  }

  /**
   * @param {[number, number][]} neurons
   * @param {() => boolean} isLast
   */
  async #runLive(neurons, isLast) {
    const { model, sentence, answer } = store.state;
    const asked = sentence
      ? { sentence, answer }
      : { fact: this.subject.fact?.fact.fact_id, fact_prompt: this.subject.promptNumber() };
    const question = { model, do: "change", factor: this.#newFactor(), neurons, ...asked };
    try {
      setWaiting(this.#changed, true);
      /** @type {import("./comparison.js").LiveChange} */
      const change = await this.#running.show((tell, signal) => this.run(question, tell, signal));
      if (!isLast()) return;
      this.#note.textContent = liveNote(change, neurons.length, Boolean(sentence));
      const hasOther = change.conditions.some(c => c.condition === "other_fact");
      fill(
        this.#changed,
        changeTable(liveChange(change), change.answer_token),
        !hasOther && message(NO_OTHER_FACT),
      );
    } catch (error) {
      if (!isLast()) return;
      fill(this.#changed, message(/** @type {Error} */ (error).message, "error"));
    } finally {
      if (isLast()) setWaiting(this.#changed, false);
    }
  }
}
