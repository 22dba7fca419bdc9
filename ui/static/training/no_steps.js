// @ts-check
// What is said of a model that is seen at one moment only.

import { h } from "../page/dom.js";
import { go } from "../page/navigate.js";
import { baseOf } from "../page/steps_of.js";

const TRAIN = `kn train
kn knowledge --corpus geonames --model geo-gpt2 --limit 600 --steps-of all`;
const PUBLISHED =
  "kn knowledge --corpus geonames --model EleutherAI/pythia-70m --limit 600 --steps-of 16";

/** @param {import("./training.js").Info} info */
export const noSteps = ({ name, others }) => {
  const link = (/** @type {string} */ model) =>
    h(
      "button",
      {
        type: "button",
        class: "kn-link",
        onclick: () => go({ model, fact: "" }, { keepToken: true }),
      },
      baseOf(model),
    );
  const links = others.flatMap((model, i) => (i ? [", ", link(model)] : [link(model)]));
  return h(
    "div",
    { class: "kn-none-yet" },
    h(
      "p",
      {},
      h("b", {}, name),
      " is seen at one moment only: this lake holds no atlases of its training steps.",
    ),
    others.length > 0 && h("p", {}, "This lake holds steps of ", ...links, "."),
    h(
      "p",
      {},
      "Train a small GPT-2 on the facts, on this machine, and make an atlas of each checkpoint, " +
        "with its facts and interventions:",
    ),
    h("pre", {}, TRAIN),
    h("p", {}, "Or take the steps that a model was published with:"),
    h("pre", {}, PUBLISHED),
  );
};
