// @ts-check
// Hands on a map: pointer, fingers, wheel, keys and buttons.

import { hideTip, showTip } from "../page/tip.js";
import { ZOOM, zoomButtons } from "./zoom.js";

/** @typedef {import("./view.js").Place} Place */
/** @typedef {import("./view.js").View} View */
/** @typedef {"move" | "box" | "lasso"} Hand what dragging does */
/**
 * What happens on a map, by point; the last three where a part of it can be selected.
 *
 * @typedef {object} Acts
 * @property {(i: number) => void} hover -1 for none
 * @property {(i: number) => void} choose
 * @property {(i: number) => void} say tell a screen reader
 * @property {() => number} chosen
 * @property {(i: number) => string} words
 * @property {(outline: Place[] | null) => void} [drawing]
 * @property {(outline: Place[]) => void} [select]
 * @property {() => void} [unselect]
 * @property {(place: Place) => number} [labelAt] the cluster whose label is at a place, -1 for none
 * @property {(cluster: number) => void} [chooseLabel]
 * @property {(cluster: number) => string} [labelWords]
 */
/**
 * @typedef {object} Drag
 * @property {Place} from
 * @property {View} view at its beginning
 * @property {boolean} moved
 * @property {Hand | null} selects
 * @property {Place[]} [outline]
 */

const KEYS = "Arrow keys move to the next point, Enter selects, plus and minus zoom, 0 shows all.";
const STILL = 4; // pixels that a click may move
/** @type {Record<string, Place>} */
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class MapHands {
  /** @type {Hand} */
  #hand = "move";
  /** @type {Drag | null} */
  #drag = null;
  #hovered = -1;
  /** @type {Map<number, Place>} by pointer */
  #fingers = new Map();

  /**
   * @param {HTMLElement} stage
   * @param {import("./plane.js").MapPlane} plane
   * @param {Acts} acts
   */
  constructor(stage, plane, acts) {
    this.plane = plane;
    this.acts = acts;
    stage.append(zoomButtons(plane));
    const { canvas } = plane;
    stage.addEventListener("wheel", event => this.#wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", event => this.#press(event));
    canvas.addEventListener("pointermove", event => this.#move(event));
    canvas.addEventListener("pointerup", event => this.#release(event));
    canvas.addEventListener("pointerleave", () => {
      this.#hover(-1);
      hideTip();
    });
    canvas.addEventListener("pointercancel", event => {
      this.#drag = null;
      this.#fingers.delete(event.pointerId);
      acts.drawing?.(null);
    });
    canvas.addEventListener("keydown", event => this.#key(event));
  }

  /** @param {Hand} hand */
  set(hand) {
    this.#hand = hand;
    this.plane.canvas.dataset.hand = hand;
  }

  /** Other points are on the map. */
  forget() {
    this.#hovered = -1;
  }

  /**
   * Tell a screen reader the map's name and the keys.
   *
   * @param {string} words
   */
  name(words) {
    this.plane.canvas.setAttribute("aria-label", `${words}. ${KEYS}`);
  }

  /** @param {number} i */
  #hover(i) {
    if (i === this.#hovered) return;
    this.#hovered = i;
    this.acts.hover(i);
  }

  /**
   * @param {MouseEvent} event
   * @returns {Place}
   */
  #here(event) {
    const frame = this.plane.canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.plane.seen()) return;
    event.preventDefault();
    this.plane.zoomBy(Math.exp(-event.deltaY * 0.0015), this.#here(event));
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const view = this.plane.seen();
    if (!view || event.button) return;
    this.plane.canvas.setPointerCapture(event.pointerId);
    const from = this.#here(event);
    this.#fingers.set(event.pointerId, from);
    const boxes = event.shiftKey && this.acts.select;
    const selects = this.#hand === "move" ? (boxes ? "box" : null) : this.#hand;
    this.#drag = this.#fingers.size > 1 ? null : { from, view, moved: false, selects };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.plane.seen()) return;
    const at = this.#here(event);
    const before = this.#fingers.get(event.pointerId);
    if (this.#fingers.size === 2 && before) {
      this.#pinch(event.pointerId, before, at);
      this.#fingers.set(event.pointerId, at);
    } else if (this.#drag) {
      this.#pull(this.#drag, at);
    } else {
      this.#point(event, at);
    }
  }

  /**
   * @param {PointerEvent} event
   * @param {Place} at
   */
  #point(event, at) {
    const label = this.acts.labelAt?.(at) ?? -1;
    if (label >= 0) {
      this.#hover(-1);
      this.plane.canvas.style.cursor = "pointer";
      showTip(event.clientX, event.clientY, this.acts.labelWords?.(label) ?? "");
      return;
    }
    const i = this.plane.nearest(at);
    this.#hover(i);
    const free = this.#hand === "move" ? "grab" : "crosshair";
    this.plane.canvas.style.cursor = i >= 0 ? "pointer" : free;
    if (i >= 0) showTip(event.clientX, event.clientY, this.acts.words(i));
    else hideTip();
  }

  /**
   * Two fingers: what is between them stays between them.
   *
   * @param {number} id
   * @param {Place} before
   * @param {Place} at
   */
  #pinch(id, before, at) {
    const [other] = [...this.#fingers].filter(([key]) => key !== id).map(([, place]) => place);
    /** @type {(place: Place) => Place} */
    const middle = place => [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
    /** @param {Place} place */
    const apart = place => Math.max(1, Math.hypot(place[0] - other[0], place[1] - other[1]));
    const [from, to] = [middle(before), middle(at)];
    this.plane.shift(to[0] - from[0], to[1] - from[1]);
    this.plane.zoomBy(apart(at) / apart(before), to);
  }

  /**
   * @param {Drag} drag
   * @param {Place} at
   */
  #pull(drag, at) {
    const [dx, dy] = [at[0] - drag.from[0], at[1] - drag.from[1]];
    drag.moved ||= Math.hypot(dx, dy) > STILL;
    if (!drag.moved) return;
    hideTip();
    if (!drag.selects) {
      this.plane.shift(dx, dy, drag.view);
      return;
    }
    const here = this.plane.fromScreen(at);
    const start = this.plane.fromScreen(drag.from);
    if (drag.selects === "box") {
      drag.outline = [start, [here[0], start[1]], here, [start[0], here[1]]];
    } else {
      (drag.outline ??= [start]).push(here);
    }
    this.acts.drawing?.(drag.outline);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const drag = this.#drag;
    this.#drag = null;
    this.#fingers.delete(event.pointerId);
    if (!drag) return;
    this.acts.drawing?.(null);
    if (!drag.moved) this.#click(this.#here(event));
    else if (drag.outline && drag.outline.length > 2) this.acts.select?.(drag.outline);
  }

  /** @param {Place} at */
  #click(at) {
    const label = this.acts.labelAt?.(at) ?? -1;
    if (label >= 0) this.acts.chooseLabel?.(label);
    else this.acts.choose(this.plane.nearest(at));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { plane, acts } = this;
    if (!plane.seen()) return;
    if (event.key in DIRECTIONS) {
      const from = this.#hovered >= 0 ? this.#hovered : acts.chosen();
      const next = plane.towards(from, DIRECTIONS[event.key]);
      if (next >= 0) {
        this.#hover(next);
        acts.say(next);
      }
    } else if (event.key === "Enter") acts.choose(this.#hovered);
    else if (event.key === "+" || event.key === "=") plane.zoomBy(ZOOM);
    else if (event.key === "-") plane.zoomBy(1 / ZOOM);
    else if (event.key === "0") plane.showAll();
    else if (event.key === "Escape" && acts.unselect) acts.unselect();
    else return;
    event.preventDefault();
  }
}
