// @ts-check
// What the atlas' model is asked for on request: looked for again and again until it is there.

import { decodePrompt } from "./prompt.js";
import { ask, remembered } from "./server.js";
import { emit, on, store } from "./store.js";

const LOOK_MS = 250;

/**
 * The answer of a question that may wait; null once it isn't wanted any more.
 *
 * @param {string} question
 * @param {object} args
 * @param {() => boolean} isWanted
 * @param {(words: string) => void} tell hears how far it is
 * @returns {Promise<any>}
 */
export const requested = async (question, args, isWanted, tell) => {
  for (;;) {
    const answer = await ask(question, args);
    if (!isWanted()) return null;
    if (!answer.waits) return answer;
    tell(progressWords(answer.waits));
    await new Promise(done => {
      setTimeout(done, LOOK_MS);
    });
    if (!isWanted()) return null;
  }
};

/** @param {import("./types.d.ts").Waits} waits */
export const progressWords = ({ before, words, done, of }) => {
  if (before) return `waiting for ${before} before it`;
  if (!words) return "starting …";
  if (words.startsWith("loading")) return "loading the model …";
  return of ? `${words} ${done} of ${of}` : `${words} …`;
};

/** A prompt whose lens the atlas doesn't hold yet gets it. */
const loadLens = async () => {
  const shown = store.prompt;
  if (!shown?.waits) return;
  const asked = { model: store.state.model, prompt: store.state.prompt };
  const isWanted = () => store.prompt === shown;
  /** @param {Partial<import("./prompt.js").Prompt>} part */
  const put = part => {
    Object.assign(shown, part);
    emit("lens");
  };
  put({ lensWords: "starting …" });
  try {
    const isHere = await requested("lens", asked, isWanted, lensWords => put({ lensWords }));
    const data = isHere && (await remembered("prompt", asked));
    if (data && isWanted()) {
      put({ lens: decodePrompt(data).lens, waits: null, lensWords: null });
    }
  } catch (error) {
    if (isWanted()) put({ lensWords: null, lensTrouble: /** @type {Error} */ (error).message });
  }
};

on("prompt", loadLens);
