// @ts-check
// A server that has gone: the page says so, waits for it, and goes on.

import { notify } from "./address.js";

const LOOK_MS = 1000; // between two looks whether it is back
const QUIET_MS = 5000; // without an answer, before one looks whether it is still there
const PING = "gradio_api/app_id";
const AWAY = "The server doesn't answer: is `kn ui` still running? This page goes on once it does.";

/** @type {Promise<void> | null} the wait for its return that is under way */
let waiting = null;

/** @param {number} ms */
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** What a look at the server finds: its status, or 0 where there is no answer. */
const ping = async () => {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), QUIET_MS);
  try {
    const answer = await fetch(PING, { cache: "no-store", signal: stop.signal });
    return answer.status;
  } catch {
    return 0;
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Whether the server is there; where it isn't, wait until it is, and say so meanwhile.
 *
 * @returns {Promise<boolean>} whether it was there at once
 */
const isThere = async () => {
  if (await ping()) return true;
  waiting ??= (async () => {
    notify(AWAY);
    while (!(await ping())) await pause(LOOK_MS);
    notify("");
    waiting = null;
  })();
  await waiting;
  return false;
};

/**
 * The answer to a question, asked again where the server had gone in between. Throws where it is
 * there and gives none.
 *
 * @param {() => Promise<unknown>} question
 * @returns {Promise<string>}
 */
export const answered = async question => {
  for (let asked = 1; ; asked++) {
    const answer = await unlessGone(question);
    if (typeof answer === "string") return answer;
    if ((await isThere()) && asked > 1) throw new Error(await refused());
  }
};

/**
 * What a question gives; null where it fails, or where the server goes meanwhile: a connection to
 * a machine that was switched off would stay open for minutes.
 *
 * @param {() => Promise<unknown>} question
 */
const unlessGone = async question => {
  let isOver = false;
  const answer = question()
    .catch(() => null)
    .finally(() => {
      isOver = true;
    });
  const gone = async () => {
    for (;;) {
      await pause(QUIET_MS);
      if (isOver || !(await ping())) return null;
    }
  };
  return Promise.race([answer, gone()]);
};

const refused = async () => {
  const answer = await fetch("config", { cache: "no-store" }).catch(() => null);
  return answer?.status === 401
    ? "You aren't logged in any more: load this page again."
    : "The server refused this question.";
};
