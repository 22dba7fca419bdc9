// @ts-check
// Whether the lake has changed, and what is being made: asked for every few seconds, so that panes
// fill by themselves. Events: "tables" when a table was written, "atlases" when the list of models
// changed, "making" when there is news of what is made.

import { call } from "./server.js";
import { emit, on, store } from "./store.js";
import { relook } from "./navigate.js";
import { baseOf, stepsOf } from "./steps_of.js";
import { Turns } from "./timing.js";

const EVERY_MS = 5000;
const WHILE_MAKING_MS = 2500;
const WITHOUT_SERVER_MS = 10_000;

/** @typedef {"atlas" | "knowledge" | "circuits" | "training" | "demo"} What */
/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} title
 * @property {What} what
 * @property {string} model
 * @property {string} trains the model that learns in it, "" where none does
 * @property {"running" | "waiting" | "failed" | "done"} state
 * @property {number} left_s
 * @property {string} [words] of one that runs
 * @property {string} [trouble] of one that failed
 */
/**
 * @typedef {object} Making
 * @property {boolean} paused
 * @property {string} note why nothing can be made
 * @property {number} left_s of all that is to come
 * @property {boolean} first_hour whether this is the lake of `kn demo`
 * @property {Record<What, number>} offers seconds by what can be wished for
 * @property {Step[]} steps
 */

/** @type {{ state: Making | null }} null where this page may make nothing */
export const making = { state: null };

/** @type {string | null} */
let stamp = null;

const turns = new Turns();

/**
 * Ask, and show what is answered, unless something was asked since.
 *
 * @param {"making_look" | "making_act"} question
 * @param {object} wanted
 */
const take = async (question, wanted) => {
  const isLast = turns.begin();
  const told = JSON.parse(await call(question, wanted));
  if (told.error) throw new Error(told.error);
  if (!isLast()) return;
  making.state = told.making;
  emit("making");
  if (stamp !== null && told.stamp !== stamp) await relook();
  if (isLast()) stamp = told.stamp; // once all have been told
};

const look = async () => {
  let pause = EVERY_MS;
  try {
    if (!document.hidden) await take("making_look", {});
    if (making.state?.steps.some(step => step.state === "running")) pause = WHILE_MAKING_MS;
  } catch {
    pause = WITHOUT_SERVER_MS; // the pane that is used next says that there is no server
  }
  setTimeout(look, pause);
};

/**
 * What the owner of the lake wants: `{ act: "pause" }`, `"resume"`, `{ act: "make", what, model }`,
 * `{ act: "cancel", name }`.
 *
 * @param {{ act: string, what?: What, model?: string | null, name?: string }} wanted
 */
export const act = async wanted => {
  try {
    await take("making_act", wanted);
  } catch (error) {
    emit("notice", /** @type {Error} */ (error).message);
  }
};

/**
 * The steps by which a wish comes true that are still to come, or have failed.
 *
 * @param {What} what
 * @param {string | null} model
 */
export const pending = (what, model) => {
  // What is wished for one step of a training is made of all of them.
  const all = stepsOf(model, store.atlases).map(step => step.model);
  const isStep = all.some(name => name === model);
  /** @param {Step} step */
  const isOfIt = step => {
    if (what === "demo") return true;
    if (step.what === "training") {
      return what === "training" || (isStep && step.trains === baseOf(model));
    }
    return step.what === what && (step.model === model || (isStep && all.includes(step.model)));
  };
  return (making.state?.steps ?? []).filter(step => step.state !== "done" && isOfIt(step));
};

/**
 * Seconds until the last of some steps is made: those before it in the queue take their time too.
 *
 * @param {Step[]} steps
 */
export const untilMade = steps => {
  const all = (making.state?.steps ?? []).filter(
    s => s.state === "running" || s.state === "waiting",
  );
  const last = Math.max(...steps.map(step => all.indexOf(step)));
  return all.slice(0, last + 1).reduce((sum, step) => sum + step.left_s, 0);
};

/**
 * A time in words.
 *
 * @param {number} seconds
 */
export const about = seconds => {
  if (seconds < 50) return "under a minute";
  if (seconds < 5400) return `about ${Math.max(1, Math.round(seconds / 60))} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
};

on("started", () => {
  if (store.started) look();
});
