// @ts-check
// The lens of the column beside the rows: the logit lens comes with the prompt, another one is asked
// for when it is chosen.

import { Cancelled, progressWords, runJob } from "./job.js";
import { cancelLens } from "./lens.js";
import { lensOfText } from "./lens_text.js";
import { decodeLens } from "./prompt.js";
import { ask } from "./server.js";
import { emit, on, promptKey, store } from "./store.js";

/** @typedef {import("./prompt.js").Read} Read */
/**
 * A layer's distances from the model's own output, over held-out prompts; KL in nats.
 *
 * @typedef {object} Distance
 * @property {number} layer
 * @property {number} logit_kl
 * @property {number} linear_kl
 * @property {number} logit_agreement
 * @property {number} linear_agreement
 * @property {number} n_tokens
 * @property {number} n_prompts
 */

/** @type {AbortController | null} */
let stop = null;
/** @type {{ read: ((position: number, layer: number) => Read) | null, words: string, trouble: string }} */
const none = { read: null, words: "", trouble: "" };
let other = { ...none, key: "" };
/** @type {{ model: string | null, rows: Distance[] }} */
let distances = { model: null, rows: [] };

const cancelReading = () => stop?.abort();

/** Cancel the lens that is being computed, whichever it is. */
export const cancelChosen = () => {
  cancelReading();
  cancelLens();
};

/** The lens that is chosen: what it reads, how far that is, and what keeps it from being had. */
export const chosenLens = () => {
  const lens = lensOfText(store.state.lens);
  if (lens !== "logit") return { lens, ...other };
  const { lens: read, lensWords, lensTrouble } = store.prompt ?? {};
  return { lens, read: read ?? null, words: lensWords ?? "", trouble: lensTrouble ?? "" };
};

/**
 * How far the lenses are from the model after a layer; undefined where it isn't known.
 *
 * @param {number} layer
 */
export const distanceAfter = layer =>
  distances.model === store.state.model ? distances.rows.find(d => d.layer === layer) : undefined;

const load = async () => {
  cancelReading();
  const lens = lensOfText(store.state.lens);
  const key = JSON.stringify([lens, promptKey(store.state)]);
  if (lens === "logit" || !store.prompt || other.key === key) {
    emit("reading");
    return;
  }
  loadDistances();
  const { model, prompt, text } = store.state;
  const own = new AbortController();
  stop = own;
  /** @param {Partial<typeof other>} part */
  const put = part => {
    if (stop !== own) return;
    other = { ...none, key: "", ...part };
    emit("reading");
  };
  put({ words: "starting …" });
  try {
    const asked = { model, ...(text ? { text } : { prompt }), through: lens };
    const tell = (/** @type {import("./job.js").Progress} */ state) =>
      put({ words: progressWords(state) });
    const answer = await runJob("reading", asked, tell, own.signal);
    put({ key, read: decodeLens(answer.lens, store.prompt.nLayers) });
  } catch (error) {
    const isMine = error instanceof Cancelled;
    put({ trouble: isMine ? "This lens was cancelled." : /** @type {Error} */ (error).message });
  }
};

/** Ask how far the lenses of the model on screen are from it, unless that is known. */
export const loadDistances = async () => {
  const { model } = store.state;
  if (distances.model === model) return;
  distances = { model, rows: [] };
  try {
    const { rows } = await ask("lens_distances", { model });
    if (distances.model === model) distances.rows = rows;
  } catch {
    distances.model = null; // the tip does without
  }
  emit("reading");
};

on("prompt", load);
on("lens", load);
on("prompt-asked", cancelReading);
on("tables", () => {
  distances.model = null;
  if (other.trouble) load();
});
