// @ts-check
// A prompt whose lens the atlas doesn't hold yet gets it: a job, while the prompt is on screen.

import { Cancelled, progressWords, runJob } from "./job.js";
import { decodePrompt } from "./prompt.js";
import { remembered } from "./server.js";
import { emit, on, store } from "./store.js";

/** @type {AbortController | null} */
let stop = null;

export const cancelLens = () => stop?.abort();

const loadLens = async () => {
  cancelLens();
  const shown = store.prompt;
  if (!shown?.waits) return;
  const asked = { model: store.state.model, prompt: store.state.prompt };
  stop = new AbortController();
  /** @param {Partial<import("./prompt.js").Prompt>} part */
  const put = part => {
    if (store.prompt !== shown) return;
    Object.assign(shown, part);
    emit("lens-here");
  };
  put({ lensWords: "starting …" });
  try {
    await runJob("lens", asked, state => put({ lensWords: progressWords(state) }), stop.signal);
    const data = await remembered("prompt", asked);
    put({ lens: decodePrompt(data).lens, waits: null, lensWords: null });
  } catch (error) {
    const words = error instanceof Cancelled ? "The lens of this prompt was cancelled." : null;
    put({ lensWords: null, lensTrouble: words ?? /** @type {Error} */ (error).message });
  }
};

on("prompt", loadLens);
on("prompt-asked", cancelLens);
