// @ts-check
// The bar over everything: which atlas is on screen, the step of its training, notices, and the
// tabs' place in the address.

import { AskBox } from "./ask.js";
import { fill, h } from "./dom.js";
import { integer } from "./format.js";
import { makingPart } from "./frame.js";
import { addSkipLink, keysButton, listenToKeys } from "./keys.js";
import { go, start } from "./navigate.js";
import { gatherQueries } from "./sql_menu.js";
import { baseOf } from "./steps_of.js";
import { stepSlider } from "./step_slider.js";
import { on, store } from "./store.js";
import { tabs } from "./tabs.js";
import { followTerms } from "./terms.js";
import { hideTip } from "./tip.js";
import { followTitle } from "./title.js";
import { tourButton } from "./tour.js";
import { followPages } from "./whole.js";
import "./wish.js";

/**
 * @param {HTMLElement} pane
 * @param {import("./server.js").Functions} server
 */
export const mountBar = (pane, server) => {
  const model = modelPart();
  const about = h("span", { class: "kn-about" });
  const asking = new AskBox();
  pane.append(model, about, asking.node, makingPart(), tourButton(), keysButton(), noticePart());
  addSkipLink();
  listenToKeys(asking.box);
  followTitle();
  gatherQueries();
  on("started", followTerms);
  followPages();
  on("started", () => {
    document.body.classList.toggle("kn-empty", !store.atlases.length);
    model.after(stepPart());
  });
  const tell = () => {
    about.title = aboutAtlas();
    fill(about, about.title);
  };
  for (const event of ["model", "atlases"]) on(event, tell);
  on("tab", tab => showTab(tab));
  document.addEventListener("click", event => {
    const target = /** @type {Element} */ (event.target);
    const button = target.closest("#kn-tabs > .tab-wrapper button");
    const tab = button && tabOf(/** @type {HTMLElement} */ (button));
    if (tab && store.started && !following) go({ tab, whole: "" });
  });
  start(server);
};

/** The model's name, as a choice where there are several. */
const modelPart = () => {
  const picker = h("select", { "aria-label": "Model", onchange: () => chooseModel(picker.value) });
  const node = h("span", { class: "kn-model" });
  const list = () =>
    fill(picker, ...store.atlases.map(a => h("option", { value: a.model }, a.model)));
  const show = () => {
    picker.value = store.state.model ?? "";
    fill(node, store.atlases.length > 1 ? picker : h("b", {}, store.state.model));
  };
  on("started", list);
  on("model", show);
  on("atlases", () => {
    list();
    show();
  });
  return node;
};

/**
 * Another step of the same model is seen at the same prompt, token and neuron.
 *
 * @param {string} model
 */
const chooseModel = model => {
  if (baseOf(model) === baseOf(store.state.model)) return go({ model }, { keepToken: true });
  const prompt = store.atlases.find(a => a.model === model)?.first_prompt ?? null;
  return go({ model, prompt, layer: null, neuron: null });
};

const aboutAtlas = () => {
  if (!store.atlas) return "";
  const { corpus, n_prompts, n_layers, n_neurons } = store.atlas;
  const size = `${n_layers} × ${integer(n_neurons)} neurons`;
  return [corpus, `${integer(n_prompts)} prompts`, size].filter(Boolean).join(" · ");
};

const noticePart = () => {
  const words = h("span", {});
  const dismiss = () => {
    notice.hidden = true;
  };
  const notice = h(
    "p",
    { class: "kn-notice", role: "status", hidden: true },
    words,
    h("button", { type: "button", "aria-label": "Dismiss", onclick: dismiss }, "×"),
  );
  /** @param {string} text */
  const show = text => {
    words.textContent = text;
    notice.hidden = !text;
  };
  on("notice", show);
  on("failed", show);
  return notice;
};

/** The slider of steps, for the tabs whose panes follow it: Training has one of its own. */
const stepPart = () => {
  const slider = stepSlider();
  const hide = () => slider.classList.toggle("kn-away", store.state.tab === "training");
  on("tab", hide);
  hide();
  return slider;
};

/**
 * Tabs for which there is no room are in a menu, where only their words tell which they are.
 *
 * @param {HTMLElement} button
 */
const tabOf = button =>
  button.dataset.tabId ??
  [...tabs.keys()].find(tab => tab === button.textContent?.trim().toLowerCase());

/** @param {string} tab */
const tabButton = tab => {
  /** @type {NodeListOf<HTMLElement>} */
  const all = document.querySelectorAll("#kn-tabs > .tab-wrapper button");
  const buttons = [...all].filter(button => tabOf(button) === tab);
  return buttons.find(button => button.dataset.tabId) ?? buttons.at(-1);
};

let following = false; // Whether it is the page that clicks a tab, to follow its address.

/**
 * On a slow machine the tabs come, or begin to hear clicks, after the address was read.
 *
 * @param {string} tab
 * @param {number} tries
 */
const showTab = (tab, tries = 40) => {
  const button = tabButton(tab);
  if (button && button.getAttribute("aria-selected") !== "true") {
    following = true;
    button.click();
    following = false;
  }
  const again = () => {
    /** @type {HTMLElement | null} */
    const shown = document.querySelector("#kn-tabs button[role=tab][aria-selected=true]");
    if (store.state.tab === tab && shown?.dataset.tabId !== tab) showTab(tab, tries - 1);
  };
  if (tries) setTimeout(again, 50);
  hideTip();
};
