// @ts-check
// A neuron's life over the checkpoints of a training.

import { byStep } from "../chart/by_step.js";
import { LineChart } from "../chart/lines.js";
import { fill, h, message } from "../page/dom.js";
import { integer, number, percent } from "../page/format.js";
import { remembered } from "../page/server.js";
import { modelLiteral } from "../page/sql.js";
import { lastModel, stepNumbers, toStep } from "../page/steps.js";
import { store } from "../page/store.js";
import { part } from "./parts.js";

/**
 * A row of the question `training_neuron`.
 *
 * @typedef {object} Row
 * @property {number} step
 * @property {number | null} firing_rate
 * @property {number | null} final_overlap
 * @property {number | null} auroc
 * @property {number | null} n_prompts
 * @property {string | null} value
 */

const NO_STEPS =
  "This lake holds no training of this model, so it is seen at one moment only. `kn train` makes " +
  "one of a small GPT-2 with its checkpoints.";
const NO_TABLE =
  "No table over the steps of this training has this neuron yet: `kn run` with --steps-of all makes it.";

/**
 * @param {() => boolean} isLast whether the page is still of this neuron
 * @param {string | undefined} noConcepts why the atlas on screen has no concepts
 */
export const lifePart = (isLast, noConcepts) => {
  const { layer, neuron } = store.state;
  const body = h("div", {});
  const node = part(
    "Life over steps",
    ["Life over the steps of training"],
    [["Life over steps", () => `FROM neuron_by_step(${modelLiteral()}, ${layer}, ${neuron})`]],
    body,
  );
  const load = async () => {
    if (store.steps.length < 2) {
      fill(body, message(NO_STEPS));
      return;
    }
    try {
      const asked = { model: lastModel(), layer, neuron };
      /** @type {{ story: Row[] }} */
      const { story } = await remembered("training_neuron", asked);
      if (!isLast()) return;
      if (story.length) fill(body, charts(story, noConcepts));
      else fill(body, message(NO_TABLE));
    } catch (error) {
      if (isLast()) fill(body, message(/** @type {Error} */ (error).message, "error"));
    }
  };
  load();
  return node;
};

/**
 * @param {Row[]} story
 * @param {string | undefined} noConcepts
 */
const charts = (story, noConcepts) => {
  /** @type {[string, string, (value: number) => string, import("../chart/lines.js").Lines][]} */
  const kinds = [
    [
      "Firing rate",
      "share of tokens",
      percent,
      {
        min: 0,
        series: [
          own(
            "firing rate",
            byStep(story, row => row.firing_rate),
          ),
        ],
      },
    ],
    [
      "Overlap with final checkpoint",
      "of its top activating prompts",
      number,
      {
        min: 0,
        max: 1,
        none: "It has no top activating prompts.",
        series: [
          own(
            "overlap",
            byStep(story, row => row.final_overlap),
          ),
        ],
      },
    ],
    [
      "Best concept",
      "AUROC of its peaks",
      number,
      {
        min: 0.5,
        max: 1,
        none: noConcepts ?? "No significant concept at any step.",
        series: [concepts(story)],
      },
    ],
  ];
  const drawn = kinds.map(([title, note, format, lines]) => {
    const chart = new LineChart({ title, note, format, onpick: toStep, data: () => lines });
    chart.show(stepNumbers());
    chart.mark(store.step);
    return chart.node;
  });
  return h("div", { class: "kn-charts kn-three" }, ...drawn);
};

/**
 * The best concept of each step, told with its name and its prompts.
 *
 * @param {Row[]} story
 */
const concepts = story => {
  const names = byStep(story, row => row.value);
  const counts = byStep(story, row => row.n_prompts);
  const aurocs = byStep(story, row => row.auroc);
  /** @param {number} i */
  const words = i => `${names[i]} ${number(aurocs[i])} (n = ${integer(counts[i])})`;
  return { ...own("", aurocs), words };
};

/**
 * @param {string} name
 * @param {(number | null)[]} values
 * @returns {import("../chart/lines.js").Series}
 */
const own = (name, values) => ({ name, colour: "own", values });
