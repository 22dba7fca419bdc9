// @ts-check
// In the bar: what is being made, how long it takes, pause and resume; and what failed.

import { fill, h } from "./dom.js";
import { about, act, making } from "./making.js";
import { on } from "./store.js";

/** @typedef {import("./making.js").Step} Step */

/** What is being made, as a line that opens to a list; nothing where all is made. */
export const makingPart = () => {
  const line = h("summary", {});
  const list = h("ul", {});
  const node = h("details", { class: "kn-making", hidden: true }, line, list);
  let said = "";
  const show = () => {
    const { state } = making;
    const steps = (state?.steps ?? []).filter(step => step.state !== "done");
    node.hidden = !state || !steps.length;
    if (!state || node.hidden) return;
    const words = JSON.stringify([lineOf(state, steps), steps.map(wordsOf), state.paused]);
    if (words === said) return; // what one is about to click stays
    said = words;
    node.classList.toggle("kn-troubled", Boolean(state.note) || steps.some(isFailed));
    fill(line, lineOf(state, steps));
    line.title = lineOf(state, steps);
    fill(list, h("li", { class: "kn-making-acts" }, ...acts(state, steps)), ...steps.map(row));
  };
  on("making", show);
  document.addEventListener("click", event => {
    if (!node.contains(/** @type {Node} */ (event.target))) node.open = false;
  });
  node.addEventListener("keydown", event => {
    if (event.key === "Escape") node.open = false;
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

/** @param {Step} step */
const row = step => {
  const attributes = {
    type: "button",
    class: "kn-wish",
    "aria-label": `Cancel ${step.title}`,
    onclick: () => act({ act: "cancel", name: step.name }),
  };
  const words = h("span", { class: "kn-faint" }, wordsOf(step));
  return h(
    "li",
    { "data-state": step.state },
    h("span", {}, step.title),
    words,
    h("button", attributes, "cancel"),
  );
};

/**
 * @param {import("./making.js").Making} state
 * @param {Step[]} steps
 */
const acts = (state, steps) => {
  const attributes = (/** @type {string} */ what) => ({
    type: "button",
    class: "kn-wish",
    onclick: () => act({ act: what }),
  });
  if (state.paused) return [h("button", attributes("resume"), "Resume")];
  const again = steps.some(isFailed) && h("button", attributes("resume"), "Try again");
  return [h("button", attributes("pause"), "Pause"), again];
};
