// @ts-check
// In the bar: what is being made, how long it takes, pause and resume; and what failed.

import { fill, h } from "./dom.js";
import { about, act, making } from "./making.js";
import { on } from "./store.js";

/** @typedef {import("./making.js").Step} Step */

/** What is being made, as a line that opens to a list; nothing where all is made. */
export const makingPart = () => {
  const line = h("summary", {});
  const acts = h("li", { class: "kn-making-acts" });
  const list = h("ul", {}, acts);
  const node = h("details", { class: "kn-making", hidden: true }, line, list);
  let offered = "";
  const show = () => {
    const { state } = making;
    const steps = (state?.steps ?? []).filter(step => step.state !== "done");
    node.hidden = !state || !steps.length;
    if (!state || node.hidden) return;
    const hadFocus = node.contains(document.activeElement);
    node.classList.toggle("kn-troubled", Boolean(state.note) || steps.some(isFailed));
    line.textContent = line.title = lineOf(state, steps);
    const offers = JSON.stringify([state.paused, steps.some(isFailed)]);
    if (offers !== offered) fill(acts, ...actsOf(state, steps)); // what one is about to click stays
    offered = offers;
    rows.show(list, acts, steps);
    // Who pressed a button that is gone goes on at the first one.
    if (hadFocus && !node.contains(document.activeElement)) acts.querySelector("button")?.focus();
  };
  const rows = new Rows();
  on("making", show);
  document.addEventListener("click", event => {
    if (!node.contains(/** @type {Node} */ (event.target))) node.open = false;
  });
  node.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !node.open) return;
    node.open = false;
    line.focus();
    event.preventDefault();
  });
  return node;
};

/** @param {Step} step */
const isFailed = step => step.state === "failed";

/**
 * @param {import("./making.js").Making} state
 * @param {Step[]} steps
 */
const lineOf = (state, steps) => {
  const failed = steps.find(isFailed);
  if (state.note) return `Nothing can be made: ${state.note}`;
  if (failed && !steps.some(step => step.state === "running")) {
    return `Failed: ${failed.title}: ${failed.trouble}`;
  }
  if (state.paused) return `Paused, ${about(state.left_s)} left`;
  const running = steps.find(step => step.state === "running") ?? steps[0];
  return `${about(state.left_s)} left${failed ? ", one failed" : ""}: making ${running.title}`;
};

/** @param {Step} step */
const wordsOf = step => {
  if (step.state === "failed") return `failed: ${step.trouble}`;
  if (step.state === "running") return `${step.words || "beginning"}, ${about(step.left_s)} left`;
  return about(step.left_s);
};

/** The rows of the steps: each stays while its step does, with the focus that it may have. */
class Rows {
  /** @type {Map<string, HTMLElement>} by the step's name */
  #rows = new Map();

  /**
   * @param {HTMLElement} list
   * @param {Element} head the row before them
   * @param {Step[]} steps
   */
  show(list, head, steps) {
    const names = new Set(steps.map(step => step.name));
    for (const [name, node] of this.#rows) {
      if (names.has(name)) continue;
      node.remove();
      this.#rows.delete(name);
    }
    let before = head;
    for (const step of steps) {
      const node = this.#rows.get(step.name) ?? row(step);
      this.#rows.set(step.name, node);
      node.dataset.state = step.state;
      const words = /** @type {HTMLElement} */ (node.querySelector(".kn-faint"));
      words.textContent = wordsOf(step);
      if (before.nextSibling !== node) list.insertBefore(node, before.nextSibling);
      before = node;
    }
  }
}

/** @param {Step} step */
const row = step => {
  const attributes = {
    type: "button",
    class: "kn-wish",
    "aria-label": `Cancel ${step.title}`,
    onclick: () => act({ act: "cancel", name: step.name }),
  };
  const words = h("span", { class: "kn-faint" });
  return h("li", {}, h("span", {}, step.title), words, h("button", attributes, "cancel"));
};

/**
 * @param {import("./making.js").Making} state
 * @param {Step[]} steps
 */
const actsOf = (state, steps) => {
  const attributes = (/** @type {string} */ what) => ({
    type: "button",
    class: "kn-wish",
    onclick: () => act({ act: what }),
  });
  if (state.paused) return [h("button", attributes("resume"), "Resume")];
  const again = steps.some(isFailed) && h("button", attributes("resume"), "Try again");
  return [h("button", attributes("pause"), "Pause"), again];
};
