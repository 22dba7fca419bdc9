// @ts-check
// A command that would make what is missing: as a button where this page may make things, with the
// time it takes and how far it is; elsewhere as the words to type.

import { h } from "./dom.js";
import { about, act, making, pending, untilMade } from "./making.js";
import { on, store } from "./store.js";
import { wishes } from "./wishes.js";

/** @typedef {import("./making.js").What} What */

/** @type {Record<string, What>} by the verb of `kn` */
const MAKES = {
  run: "atlas",
  knowledge: "knowledge",
  circuits: "circuits",
  train: "training",
  demo: "demo",
};

/**
 * @param {HTMLElement} place that `wishes.place` made
 * @param {(Node | string)[]} typed the words to type
 */
const show = (place, typed) => {
  const what = MAKES[place.dataset.command?.split(" ")[1] ?? ""];
  const parts = making.state && what ? offer(what, place.dataset.command ?? "") : typed;
  const said = parts.map(part => (part instanceof Element ? part.outerHTML : part)).join("");
  if (place.dataset.said === said) return; // a button that is pointed at stays
  place.dataset.said = said;
  place.replaceChildren(...parts);
};

/**
 * @param {What} what
 * @param {string} command
 * @returns {(Node | string)[]}
 */
const offer = (what, command) => {
  const model = store.state.model;
  const steps = pending(what, model);
  const failed = steps.find(step => step.state === "failed");
  if (failed)
    return [`it failed: ${failed.trouble} `, button("Try again", () => act({ act: "resume" }))];
  if (!steps.length) {
    const seconds = making.state?.offers[what] ?? 0;
    const make = () => act({ act: "make", what, model });
    return [button(`Make it (${about(seconds)})`, make, command)];
  }
  if (making.state?.paused) {
    return ["making is paused. ", button("Go on", () => act({ act: "resume" }))];
  }
  const running = steps.find(step => step.state === "running");
  const when = about(untilMade(steps));
  if (!running) return [`it comes by itself in ${when}.`];
  const stop = () => act({ act: "cancel", name: running.name });
  const cancel = button("Cancel", stop, `Cancel ${running.title}`);
  return [`it is being made, ${when} left. `, cancel];
};

/**
 * @param {string} words
 * @param {() => void} onclick
 * @param {string | null} title
 */
const button = (words, onclick, title = null) =>
  h("button", { type: "button", class: "kn-wish", title, onclick }, words);

on("making", () => wishes.each(show));
on("model", () => wishes.each(show));
wishes.shown(show);
