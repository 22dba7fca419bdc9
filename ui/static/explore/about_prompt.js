// @ts-check
// What is told of the prompt beside its title, and the way from it to the neuron's pane.

import { bdi, h } from "../page/dom.js";
import { integer } from "../page/format.js";

/** @typedef {import("../page/prompt.js").Prompt} Prompt */

/** On a small page the neuron's pane is far below: this leads to it. */
export const seeNeuron = () => {
  const see = () =>
    document.querySelector("[data-kn=neuron]")?.scrollIntoView({ behavior: "smooth" });
  return h(
    "button",
    { type: "button", class: "kn-link kn-see", onclick: see },
    "see this neuron ↓",
  );
};

/**
 * @param {Prompt} shown
 * @returns {(Node | string)[]}
 */
export const aboutPrompt = ({ tokens, prompt: about }) => {
  if (about.live) {
    const n = integer(tokens.length);
    const isCut = (about.n_whole ?? 0) > tokens.length;
    const size = isCut ? `the first ${n} of ${integer(about.n_whole)}` : n;
    return [`${size} tokens, run live`];
  }
  if (!about.name) return [];
  const facts = [
    about.country,
    about.is_capital && "capital",
    about.population && integer(about.population),
    `prompt ${about.prompt_id}`,
  ];
  return facts
    .flatMap(fact => (fact ? [bdi(fact)] : []))
    .flatMap((fact, i) => [i ? " · " : "", fact]);
};
