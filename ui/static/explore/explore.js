// @ts-check
// The tab Explore: three panes, of which the middle one also takes a text of one's own.

import { mountNeuron } from "../neuron/neuron.js";
import { section } from "../page/dom.js";
import { addTab } from "../page/tabs.js";
import { Heatmap } from "./heatmap.js";
import { LiveForm } from "./live.js";
import { PromptList } from "./prompts.js";

addTab(
  "explore",
  widget => {
    const pane = (/** @type {string} */ name) => section(widget.element, name);
    new PromptList(pane("cities"));
    new LiveForm(pane("prompt"));
    new Heatmap(pane("prompt"));
    mountNeuron(pane("neuron"), { withPrompt: true });
  },
  ["text"],
);
