// @ts-check
// The tab Circuit: which units, at which tokens, carry a fact's answer, what each further one buys,
// and whether it is the fact or only its subject that they carry.

import { mountNeuron } from "../neuron/neuron.js";
import { bdi, faint, fill, h, message, section, toggle } from "../page/dom.js";
import { FactPicker } from "../page/fact_picker.js";
import { dropFact, firstFact, isFact, isNoFact, noFacts } from "../page/facts.js";
import { go } from "../page/navigate.js";
import { ask, remembered } from "../page/server.js";
import { literal, modelLiteral, sqlButton } from "../page/sql.js";
import { emit, on, store } from "../page/store.js";
import { debounce, Turns } from "../page/timing.js";
import { setWaiting } from "../page/waiting.js";
import { judge, sizeAsked, sizesOf } from "./buys.js";
import { Changes } from "./changes.js";
import { aboutWords, chooseNeuron, pick, which } from "./choice.js";
import { isChoosing } from "./chosen.js";
import { Curves } from "./curves.js";
import { dateWords } from "./dates.js";
import { exportButtons } from "./export.js";
import { HeadsPane } from "./heads.js";
import { legend } from "./legend.js";
import { isOwn, NO_OWN, OwnCircuit } from "./own.js";
import { judgeOwn } from "./own_words.js";
import { Picture } from "./picture.js";
import { queryOf } from "./queries.js";
import { UnitsSlider } from "./slider.js";
import { nodeKey } from "./unit_words.js";
import { UnitsPane } from "./units_pane.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").CircuitAnswer} CircuitAnswer */

const isVisible = () => store.state.tab === "circuit";
const TITLE = "A fact's circuit";
const OWN = /** @type {(keyof typeof NO_OWN)[]} */ (Object.keys(NO_OWN));

class CircuitTab {
  /** @type {Circuit | null} */
  #circuit = null;
  /** @type {string | null} the model whose facts are listed */
  #listed = null;
  #turns = new Turns();
  #title = h("h2", {}, TITLE);
  #about = h("span", { class: "kn-count" });
  #dates = h("p", { class: "kn-count" });
  #trouble = h("div", {});
  #said = h("p", { class: "kn-sentence kn-judged", role: "status" });
  #choice = toggle(
    "Circuit",
    [
      ["all", "all units"],
      ["specific", "specific"],
    ],
    /** @type {import("./types.d.ts").Which} */ ("all"),
    choice => go({ circuit: choice === "all" ? "" : choice }),
  );
  #slider = new UnitsSlider(n => go({ units: String(n) }, { push: false }));
  #picture = new Picture({
    onpick: (unit, event) => (isChoosing(event) ? this.#changes.toggle(nodeKey(unit)) : pick(unit)),
  });
  #changes = new Changes(nodes => this.#picture.choose(nodes));
  #units = new UnitsPane(pick, nodes => this.#changes.choose(nodes));
  #curves = new Curves({ onpick: n => go({ units: String(n) }) });
  #tools = h("div", { class: "kn-tools" }, this.#choice, this.#slider.node);
  #own = new OwnCircuit(() => this.#load());
  #body = h("div", { hidden: true }, this.#tools, this.#picture.node, legend(), this.#changes.node);
  #picker = new FactPicker({
    model: () => store.state.model,
    first: "circuits",
    onpick: id => go({ fact: String(id), node: "", changed: "", ...NO_OWN }),
  });

  /** @param {import("../page/types.d.ts").Widget} widget */
  constructor({ element }) {
    const pane = (/** @type {string} */ name) => section(element, name);
    this.pane = pane("circuit");
    this.beside = ["cunits", "curves"].map(pane);
    const [units, curves] = this.beside;
    const query = () => `FROM search_facts(${modelLiteral()}, ${literal(this.#picker.text())})`;
    const head = (/** @type {(Node | string)[]} */ ...parts) =>
      h("div", { class: "kn-head" }, ...parts);
    pane("cfacts").append(head(h("h2", {}, "Facts"), sqlButton(query)), this.#picker.node);
    const of = (/** @type {string} */ macro, more = "") => queryOf(this.#circuit, macro, more);
    const own = () => of("fact_circuit", `, circuit := ${literal(which())}`);
    this.pane.append(
      this.#own.form.node,
      head(
        this.#title,
        this.#about,
        sqlButton(() => of("fact_unit_attributions"), "show as SQL", {
          "aria-label": "Units and sums at tokens: show as SQL",
        }),
        sqlButton(own, "units of the circuit"),
        ...exportButtons(() => this.#circuit, this.#picture.node),
      ),
      this.#own.node,
      this.#dates,
      this.#trouble,
      this.#body,
    );
    units.append(head(h("h2", {}, "The strongest units"), sqlButton(own)), this.#units.node);
    curves.append(
      head(
        h("h2", {}, "What each further unit buys"),
        sqlButton(() => of("fact_circuit_curves")),
      ),
      this.#said,
      this.#curves.node,
    );
    this.heads = new HeadsPane(element);
    mountNeuron(pane("neuron"), { withPrompt: false });
    this.#listen();
  }

  #listen() {
    const all = debounce(0, () => {
      if (!isVisible()) return;
      if (this.#listed !== store.state.model) {
        this.#listed = store.state.model;
        this.#picker.search();
      }
      this.#load();
    });
    for (const event of ["tab", "model", "fact", "circuit", ...OWN]) on(event, () => all());
    on("tables", () => {
      this.#listed = null; // a circuit may have come
      all();
    });
    on("units", () => isVisible() && this.#limit());
    for (const event of ["neuron-asked", "node"]) on(event, () => isVisible() && this.#mark());
    if (store.state.model) all();
  }

  async #load() {
    const { model, fact } = store.state;
    if (!isVisible() || !model) return;
    const isLast = this.#turns.begin();
    try {
      this.#own.leave();
      if (isOwn()) await this.#loadOwn(isLast);
      else if (!fact) await this.#chooseFact(model, isLast);
      else if (!isFact(fact)) await dropFact(model);
      else {
        setWaiting(this.pane, true);
        const asked = { model, fact: Number(fact), circuit: which() };
        const answer = await remembered("circuit", asked);
        if (isLast()) await this.#show(answer);
      }
    } catch (error) {
      if (!isLast()) return;
      if (isNoFact(error)) await dropFact(model);
      else this.#fail(message(/** @type {Error} */ (error).message, "error"));
    } finally {
      if (isLast()) setWaiting(this.pane, false);
    }
  }

  /** @param {() => boolean} isLast */
  async #loadOwn(isLast) {
    setWaiting(this.pane, false);
    fill(this.#title, "Your sentence");
    this.#fail("");
    await this.#own.load(circuit => this.#show(circuit), isLast);
  }

  /**
   * The first fact that has a circuit, else the first of all.
   *
   * @param {string} model
   * @param {() => boolean} isLast
   */
  async #chooseFact(model, isLast) {
    const found = await ask("first_circuit", { model });
    const first = found.fact ?? (await firstFact(model));
    if (!isLast() || store.state.fact) return;
    if (first === null) this.#fail(message(await noFacts(model)));
    else await go({ fact: String(first) }, { push: false });
  }

  /** @param {HTMLElement | ""} words */
  #fail(words) {
    this.#circuit = null;
    this.heads.show(null);
    this.#dates.textContent = "";
    fill(this.#trouble, words);
    this.#body.hidden = true;
    for (const pane of this.beside) pane.hidden = true;
  }

  /** @param {CircuitAnswer} answer */
  async #show(answer) {
    const { subject, object, fact_id: id } = answer.fact;
    if (!isOwn()) emit("fact-named", id, `${subject} → ${object}`);
    fill(this.#title, bdi(subject), faint(" → "), bdi(object));
    fill(this.#about);
    if (answer.missing !== undefined) {
      const all = { type: "button", class: "kn-link", onclick: () => go({ circuit: "" }) };
      const other = answer.has.length > 0 && h("button", all, "show all units");
      this.#fail(h("div", {}, message(answer.missing), other));
      return;
    }
    this.#circuit = answer;
    const isLost = answer.own?.kept === false;
    this.pane.closest(".kn-circuit")?.classList.toggle("kn-not-kept", isLost);
    fill(this.#trouble);
    this.#body.hidden = false;
    for (const pane of this.beside) pane.hidden = false;
    fill(this.#about, ...aboutWords(answer));
    this.#dates.textContent = dateWords(answer.dates ?? []);
    this.#choice.set(which());
    this.#choice.hidden = isOwn();
    this.#picture.show(answer, store.atlas?.n_layers ?? 0);
    this.heads.show(answer);
    this.#units.show(answer, which() === "specific");
    this.#changes.show(answer);
    this.#limit();
    this.#mark();
    await chooseNeuron(answer);
  }

  /** As many units as the address says. */
  #limit() {
    const circuit = this.#circuit;
    if (!circuit) return;
    const sizes = sizesOf(circuit, which());
    const n = sizeAsked(store.state.units, sizes);
    this.#slider.show(sizes, n);
    this.#picture.limit(n);
    this.#changes.limit(n);
    this.#curves.show(circuit, which(), n);
    const { verdict, words } = circuit.own ? judgeOwn(circuit, n) : judge(circuit, which(), n);
    this.#said.dataset.verdict = verdict;
    if (this.#said.textContent !== words) this.#said.textContent = words;
  }

  #mark() {
    this.#picture.mark();
    this.#units.mark();
    this.heads.mark();
  }
}

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = widget => void new CircuitTab(widget);
