// @ts-check
// Jobs: longer work on the server that the page starts, watches and may cancel. See ui/runs.

import { h } from "./dom.js";
import { counted } from "./format.js";
import { call, sayNotFinite } from "./server.js";

/**
 * How far a job is: `before` others come first, then `done` of `of` of what `words` say.
 *
 * @typedef {{ before?: number, words?: string, done?: number, of?: number }} Progress
 */
/** @typedef {(progress: Progress) => void} Tell */
/**
 * A job's state, as the server gives it.
 *
 * @typedef {Progress & { job: string, state: string, result?: any, error?: string }} State
 */

export class Cancelled extends Error {
  constructor() {
    super("This run was cancelled.");
  }
}

/** This page, so that the server can tell who has a job already. */
const page = Array.from(crypto.getRandomValues(new Uint32Array(4)), n => n.toString(36)).join("");

/** @type {Map<AbortSignal, Promise<unknown>>} the jobs under way, each with its end */
const underWay = new Map();

/**
 * The result of a job. Throws where it fails, and Cancelled once `signal` is aborted.
 *
 * @param {string} name
 * @param {object} args
 * @param {Tell} tell
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export const runJob = async (name, args, tell, signal) => {
  const ending = [...underWay].filter(([other]) => other.aborted).map(([, end]) => end);
  const end = Promise.allSettled(ending).then(() => watch(name, args, tell, signal));
  underWay.set(signal, end);
  try {
    return await end;
  } finally {
    underWay.delete(signal);
  }
};

/**
 * @param {string} name
 * @param {object} args
 * @param {Tell} tell
 * @param {AbortSignal} signal
 */
const watch = async (name, args, tell, signal) => {
  if (signal.aborted) throw new Cancelled();
  const start = () => call("job_start", { name, arguments: args, page });
  let seen = await start();
  /** @type {State} */
  let state = JSON.parse(seen);
  let wasLost = false;
  const aborted = new Promise(resolve => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  while (state.state === "waiting" || state.state === "running") {
    tell(state);
    const look = signal.aborted ? null : call("job_look", { job: state.job, seen });
    const answer = await Promise.race([aborted, look]);
    if (typeof answer !== "string") {
      await call("job_cancel", { job: state.job });
      throw new Cancelled();
    }
    seen = answer;
    state = JSON.parse(seen);
    if (state.state === "lost" && !wasLost) {
      wasLost = true; // with the app that was restarted: it is begun again, once
      seen = await start();
      state = JSON.parse(seen);
    }
  }
  if (state.state === "cancelled") throw new Cancelled();
  if (state.state === "failed" || state.state === "lost") throw new Error(state.error);
  sayNotFinite(state.result);
  return state.result;
};

/** @param {Progress} progress */
export const progressWords = ({ before, words, done, of }) => {
  if (before) return `waiting: ${counted(before, "run")} before yours`;
  if (!words) return "starting …";
  return of ? `${done} of ${of} ${words}` : `${words} …`;
};

/** @param {() => void} onclick */
export const cancelButton = onclick =>
  h("button", { type: "button", class: "kn-link kn-cancel", onclick }, "Cancel");

/** A line that tells how far a job is, with a button to cancel it; hidden while there is none. */
export class JobLine {
  /** @type {AbortController | null} of the job under way */
  #stop = null;
  #bar = h("progress", { "aria-label": "Progress of the run" });
  #words = h("span", { class: "kn-count", role: "status" });
  #cancel = cancelButton(() => this.cancel());
  node = h("div", { class: "kn-progress", hidden: true }, this.#bar, this.#words, this.#cancel);

  /**
   * Show a job until its end; gives its result. One shown before is cancelled.
   *
   * @template Result
   * @param {(tell: Tell, signal: AbortSignal) => Promise<Result>} run
   * @returns {Promise<Result>}
   */
  async show(run) {
    this.cancel();
    const stop = new AbortController();
    this.#stop = stop;
    const tell = (/** @type {Progress} */ progress) => {
      if (this.#stop === stop) this.#tell(progress);
    };
    try {
      return await run(tell, stop.signal);
    } finally {
      if (this.#stop === stop) this.cancel();
    }
  }

  /** Cancel the job under way, if any. */
  cancel() {
    this.#stop?.abort();
    this.#stop = null;
    this.node.hidden = true;
    this.#words.textContent = "";
  }

  /** @param {Progress} progress */
  #tell(progress) {
    const { before, done = 0, of } = progress;
    this.node.hidden = false;
    if (of && !before) {
      this.#bar.max = of;
      this.#bar.value = done;
    } else {
      this.#bar.removeAttribute("value");
    }
    const words = progressWords(progress);
    if (this.#words.textContent !== words) this.#words.textContent = words;
  }
}
