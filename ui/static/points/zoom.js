// @ts-check
// The buttons that zoom a map.

import { h } from "../page/dom.js";

export const ZOOM = 1.5;

/** @param {import("./plane.js").MapPlane} plane */
export const zoomButtons = plane => {
  /** @type {[string, string, () => void][]} */
  const buttons = [
    ["Zoom in", "+", () => plane.zoomBy(ZOOM)],
    ["Zoom out", "−", () => plane.zoomBy(1 / ZOOM)],
    ["Show all", "⤢", () => plane.showAll()],
  ];
  return h(
    "div",
    { class: "kn-zoom" },
    ...buttons.map(([label, sign, onclick]) =>
      h("button", { type: "button", "aria-label": label, onclick }, sign),
    ),
  );
};
