// @ts-check
// The tab Explore: three panes, of which the middle one also takes a text of one's own.

import { mountNeuron } from "../neuron/neuron.js";
import { section } from "../page/dom.js";
import { Heatmap } from "./heatmap.js";
import { LiveForm } from "./live.js";
import { PromptList } from "./prompts.js";

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = ({ element }) => {
  new PromptList(section(element, "cities"));
  new LiveForm(section(element, "prompt"));
  new Heatmap(section(element, "prompt"));
  mountNeuron(section(element, "neuron"), { withPrompt: true });
};
