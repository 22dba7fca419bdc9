// @ts-check
// One tip for the whole page, placed beside the pointer or the focused element.

import { fill, h } from "./dom.js";

/** @type {HTMLElement | null} */
let tip = null;

/**
 * @param {number} x of the pointer, in pixels of the window
 * @param {number} y
 * @param {import("./dom.js").Child[]} children
 */
export const showTip = (x, y, ...children) => {
  tip ??= h("div", { class: "kn-tip", role: "tooltip", hidden: true });
  if (!tip.isConnected) document.body.append(tip);
  fill(tip, ...children).hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? Math.max(4, x - width - 10) : x + 14;
  tip.style.left = `${left}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - height - 4))}px`;
};

export const hideTip = () => {
  if (tip) tip.hidden = true;
};
