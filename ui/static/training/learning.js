// @ts-check
// A training while it goes on: loss, facts known, and P of the chosen fact, measured as it trains.
// Nothing of it is shown once there are atlases of the whole training.

import { bdi, fill, h } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { term } from "../page/glossary.js";
import { ask } from "../page/server.js";
import { on, store } from "../page/store.js";
import { LiveChart } from "./live_chart.js";

const EVERY_MS = 3000;
const QUIET_MIN = 5; // without a measurement, after which one may wonder

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {number} steps it will take
 * @property {number} quiet_min minutes since it wrote
 * @property {number} step it is at
 * @property {number} n_facts that are measured
 * @property {[number, number][]} loss by step
 * @property {[number, number, number][]} known share by step, in trained and in held-out prompts
 * @property {[string, string][]} facts subject and object
 * @property {[string, string] | null} fact the chosen one
 * @property {[number, number, number][]} p_answer of it by step, in both kinds of prompts
 */

export class LearningPane {
  #subject = "";
  #said = "";
  #listed = ""; // the facts to choose from
  #isAsking = false;
  #title = h("h2", {}, "");
  #where = h("span", { class: "kn-count", role: "status" });
  #choice = h("select", { "aria-label": "Fact to watch" });
  #nFacts = h("span", {});
  #watched = h("span", {});
  #loss = new LiveChart("Loss, nats a token");
  #known = new LiveChart("Facts ", term("known"), this.#nFacts);
  #answer = new LiveChart(term("P(answer)"), ": ", this.#watched);
  #charts = h(
    "div",
    { class: "kn-charts kn-three" },
    ...[this.#loss, this.#known, this.#answer].map(chart => chart.node),
  );

  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    pane.hidden = true;
    this.#choice.addEventListener("change", () => {
      this.#subject = this.#choice.value;
      this.#load();
    });
    const watched = h("label", { class: "kn-faint" }, "watch the fact ", this.#choice);
    pane.append(h("div", { class: "kn-head" }, this.#title, this.#where, watched), this.#charts);
    for (const event of ["tab", "tables", "making"]) on(event, () => this.#load());
    setInterval(() => {
      if (!pane.hidden && !document.hidden) this.#load();
    }, EVERY_MS);
  }

  async #load() {
    if (store.state.tab !== "training" || this.#isAsking) return;
    this.#isAsking = true;
    const subject = this.#subject;
    try {
      const { run } = await ask("training_learning", { subject });
      if (subject === this.#subject) this.#show(run);
    } catch {
      this.pane.hidden = true; // the panes below say that there is no server
    } finally {
      this.#isAsking = false;
    }
    if (subject !== this.#subject) await this.#load(); // another fact was chosen meanwhile
  }

  /** @param {Run | null} run */
  #show(run) {
    this.pane.hidden = !run;
    const said = JSON.stringify(run);
    if (!run || said === this.#said) return;
    this.#said = said;
    fill(this.#title, "Watch it learn: ", bdi(run.name));
    const quiet =
      run.quiet_min < QUIET_MIN ? "" : ` · nothing new for ${integer(run.quiet_min)} min`;
    this.#where.textContent = `step ${integer(run.step)} of ${integer(run.steps)}${quiet}`;
    if (JSON.stringify(run.facts) !== this.#listed) {
      this.#listed = JSON.stringify(run.facts);
      const options = run.facts.map(([subject, object]) =>
        h("option", { value: subject }, `${subject} → ${object}`),
      );
      fill(this.#choice, ...options);
    }
    if (run.fact) this.#choice.value = run.fact[0];
    this.#showCharts(run);
  }

  /** @param {Run} run */
  #showCharts(run) {
    const [subject, object] = run.fact ?? ["–", "–"];
    fill(this.#nFacts, ` of ${integer(run.n_facts)}`);
    fill(this.#watched, bdi(subject), " → ", bdi(object));
    this.#loss.show({
      last: run.steps,
      lines: [{ name: "loss", colour: "kn-line-1", points: run.loss }],
      format: number,
    });
    this.#known.show({
      last: run.steps,
      max: 1,
      lines: bothKinds("prompts", run.known),
      format: percent,
    });
    this.#answer.show({
      last: run.steps,
      max: 1,
      lines: bothKinds("prompt", run.p_answer),
      format: number,
    });
  }
}

/**
 * The lines of trained and of held-out prompts.
 *
 * @param {string} prompts their word
 * @param {[number, number, number][]} rows step, and the values of both
 * @returns {import("./live_chart.js").Line[]}
 */
const bothKinds = (prompts, rows) => [
  {
    name: `trained ${prompts}`,
    colour: "kn-line-1",
    points: rows.map(([step, trained]) => [step, trained]),
  },
  {
    name: `held-out ${prompts}`,
    colour: "kn-line-2",
    points: rows.map(([step, , heldOut]) => [step, heldOut]),
  },
];
