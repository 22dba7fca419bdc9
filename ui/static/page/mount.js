// @ts-check
// Fills the widgets, each once. Gradio's part of a widget (ui/widgets.py) can't import a module: it
// pushes what it is handed to `knWidgets`, before or after this script has run. That is the page's
// one global.

import { mountBar } from "./bar.js";
import { section } from "./dom.js";
import { tabs } from "./tabs.js";

/** @typedef {import("./types.d.ts").Widget} Widget */

/** @param {Widget} widget */
const mount = widget => {
  if (widget.name === "bar") mountBar(section(widget.element, "bar"), widget.server);
  else tabs.get(widget.name)?.(widget);
};

const page = /** @type {{ knWidgets?: { push: (widget: Widget) => void } }} */ (window);
const waiting = /** @type {Widget[]} */ (page.knWidgets ?? []);
page.knWidgets = { push: mount };
waiting.forEach(mount);
