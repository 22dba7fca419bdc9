// @ts-check
// The keys of the whole page: "/" asks, "?" lists the keys; and the link past the frame.

import { h } from "./dom.js";
import { store } from "./store.js";

/** @type {[string, string][]} */
const KEYS = [
  ["/", "ask: a fact, a city, a neuron, a token, a sentence"],
  ["?", "this list"],
  ["Esc", "closes what lies over the page"],
  ["↑ ↓ Enter", "in a list: move, and open"],
  ["← → ↑ ↓ Enter", "in the heatmap: move over neurons, and select one"],
  ["← →", "on a slider: the token before and after"],
  ["Ctrl + Enter", "in SQL: runs the query"],
];

const list = h(
  "dialog",
  { class: "kn-keys", "data-kn": "keys", "aria-labelledby": "kn-keys-title" },
  h("h2", { id: "kn-keys-title" }, "Keys"),
  h(
    "dl",
    {},
    ...KEYS.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, words))),
  ),
  h("form", { method: "dialog" }, h("button", { class: "kn-run" }, "Close")),
);

export const openKeys = () => {
  if (!list.isConnected) document.body.append(list);
  if (!list.open) list.showModal();
};

export const keysButton = () =>
  h(
    "button",
    {
      type: "button",
      class: "kn-keys-button",
      "aria-label": "Keys and help",
      "aria-keyshortcuts": "?",
      title: "Keys and help (?)",
      onclick: openKeys,
    },
    "?",
  );

/**
 * Whether a key that is pressed there is typed into something.
 *
 * @param {EventTarget | null} target
 */
const isTyping = target =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches("textarea, select, input:not([type=range], [type=checkbox], [type=radio])"));

/** @param {HTMLInputElement} box that "/" comes to */
export const listenToKeys = box => {
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      box.focus();
      box.select(); // what one types takes the place of what was asked before
    } else if (event.key === "?") openKeys();
    else return;
    event.preventDefault();
  });
};

/** The first stop of the keyboard: past the frame to what the chosen tab shows. */
export const addSkipLink = () => {
  /** @param {Event} event */
  const skip = event => {
    event.preventDefault();
    const content = document.getElementById(`kn-${store.state.tab}`);
    if (!content) return;
    content.tabIndex = -1;
    content.focus();
  };
  document.body.prepend(
    h("a", { class: "kn-skip", href: "#kn-tabs", onclick: skip }, "Skip to the panes"),
  );
};
