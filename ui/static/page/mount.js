// @ts-check
// Fills the widgets, each once. Gradio's part of a widget (ui/page/widgets.py) can't import a module: it
// pushes what it is handed to `knWidgets`, before or after this script has run. That is the page's
// one global.

import { mountBar } from "./bar.js";
import { section } from "./dom.js";
import { on, store } from "./store.js";
import { registerTabs, tabs } from "./tabs.js";

/** @typedef {import("./types.d.ts").Widget} Widget */

registerTabs(JSON.parse(document.getElementById("kn-tab-scripts")?.textContent ?? "[]"));
const [first] = tabs.keys();

/** @param {Widget} widget */
const mount = widget => {
  if (widget.name === "bar") mountBar(section(widget.element, "bar"), widget.server);
  else mountTab(widget);
};

/**
 * The first tab and the one in the address are filled at once, the others when they are chosen or
 * the page is ready: their scripts are none that it waits for.
 *
 * @param {Widget} widget
 */
const mountTab = async widget => {
  const tab = tabs.get(widget.name);
  if (!tab) return;
  const chosen = new URLSearchParams(location.search).get("tab");
  if (tab.name !== first && tab.name !== chosen) await untilWanted(tab.name);
  store.unanswered++;
  try {
    const script = await import(new URL(`../${tab.script}`, import.meta.url).href);
    script.mount(widget);
  } finally {
    store.unanswered--;
  }
};

/**
 * @param {string} name of a tab
 * @returns {Promise<void>}
 */
const untilWanted = name =>
  new Promise(resolve => {
    on("ready", resolve);
    on("tab", shown => {
      if (shown === name) resolve();
    });
  });

const page = /** @type {{ knWidgets?: { push: (widget: Widget) => void } }} */ (window);
const waiting = /** @type {Widget[]} */ (page.knWidgets ?? []);
page.knWidgets = { push: mount };
waiting.forEach(mount);
