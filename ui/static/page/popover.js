// @ts-check
// A button with a small panel under it.

import { h } from "./dom.js";

/**
 * @param {string} label of the panel
 * @param {() => void} onopen fills what the panel has of the moment
 * @param {import("./dom.js").Child[]} children of the panel
 */
export const popover = (label, onopen, ...children) => {
  const panel = h(
    "div",
    { class: "kn-panel", role: "dialog", "aria-label": label, hidden: true },
    ...children,
  );
  const button = h("button", {
    type: "button",
    class: "kn-chip kn-choice",
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
    onclick: () => open(Boolean(panel.hidden)),
  });
  const node = h("span", { class: "kn-popover" }, button, panel);
  /** @param {boolean} isOpen */
  const open = isOpen => {
    if (isOpen) onopen();
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) /** @type {HTMLElement | null} */ (panel.querySelector("input, button"))?.focus();
  };
  const close = () => open(false);
  node.addEventListener("keydown", event => {
    if (event.key !== "Escape" || panel.hidden) return;
    close();
    button.focus();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", event => {
    if (!panel.hidden && !node.contains(/** @type {Node} */ (event.target))) close();
  });
  return { node, button, panel, close };
};
