// @ts-check
// Fetches the prompt and the neuron that `store.state` asks for; a later choice overtakes an earlier.

import { notifyIgnored, saveAddress } from "./address.js";
import { decodeNeuron } from "./neuron.js";
import { isCut, openingToken } from "./opening.js";
import { decodePrompt, strongestNeuron } from "./prompt.js";
import { remembered } from "./server.js";
import { emit, on, promptKey, store } from "./store.js";
import { Turns } from "./timing.js";

/** @typedef {(model: string | null, text: string) => Promise<import("./types.d.ts").PromptAnswer>} Run */
/** @typedef {{ key: string, answer: Promise<import("./types.d.ts").NeuronAnswer> }} Asked */

/** @param {import("./types.d.ts").Missing | undefined} missing */
const lacks = missing => Object.keys(missing ?? {}).length > 0;

// What was missing of what is on screen may have come.
on("tables", async () => {
  if (await hasMore()) loadPrompt();
  else if (lacks(store.neuron?.missing)) loadNeuron();
});

/** Whether the prompt on screen lacks something that is there by now: if not, it stays as it is. */
const hasMore = async () => {
  const shown = store.prompt;
  const { model, prompt, text } = store.state;
  const isHere = store.promptKey === promptKey(store.state);
  if (text || !isHere || !shown || !lacks(shown.missing)) return false;
  try {
    const { missing } = await remembered("prompt", { model, prompt });
    return store.prompt === shown && JSON.stringify(missing) !== JSON.stringify(shown.missing);
  } catch {
    return false; // the pane that is used next says what is wrong
  }
};

const prompts = new Turns();
const neurons = new Turns();

/** @type {(run: Run) => void} */
let provide = () => {};
/** @type {Promise<Run>} there once the tab that runs texts is mounted */
const textRunner = new Promise(resolve => {
  provide = resolve;
});

/** @param {Run} run what gives the data of a text's prompt, as the question `prompt` does */
export const setTextRunner = run => provide(run);

const noNeuron = () => {
  store.neuron = null;
  emit("neuron-none");
};

/** Load the prompt of the state, then its neuron: the strongest where none is chosen. */
export const loadPrompt = async () => {
  const isLast = prompts.begin();
  neurons.drop(); // what is still to come of a neuron is of another prompt or step
  const { model, prompt, text } = store.state;
  emit("prompt-asked");
  // A neuron that is chosen already is asked for in the same moment. For a text of one's own it
  // can't be: its run is known by a number that comes with the prompt.
  const early = text ? null : askNeuron();
  try {
    const answer = text
      ? await (
          await textRunner
        )(model, text)
      : await remembered("prompt", { model, prompt });
    if (!isLast()) return;
    store.prompt = decodePrompt(answer);
    store.promptKey = promptKey({ model, prompt, text });
  } catch (error) {
    if (!isLast()) return;
    store.prompt = null;
    emit("prompt-failed", /** @type {Error} */ (error).message);
    noNeuron();
    return;
  }
  chooseWithin(store.prompt);
  emit("prompt");
  saveAddress(false);
  await loadNeuron(early);
};

/**
 * A token of the prompt where the state has none of it, and a neuron where it has none.
 *
 * @param {import("./prompt.js").Prompt} prompt
 */
const chooseWithin = prompt => {
  const { state, byRule } = store;
  const last = prompt.tokens.length - 1;
  byRule.token = state.token === null || state.token > last;
  if (byRule.token) {
    if (state.token !== null) notifyIgnored([`token=${state.token}`]);
    state.token = openingToken(prompt.tokens, isCut(prompt), likeliest(prompt), prompt.sinks);
  }
  if (state.layer === null || state.neuron === null) {
    const at = state.token ?? 0;
    [state.layer, state.neuron] = strongestNeuron(prompt, at) ?? [null, null];
    byRule.neuron = true;
  }
};

/**
 * How likely what follows is, which opens a prompt until contributions are there.
 *
 * @param {import("./prompt.js").Prompt} prompt
 */
const likeliest = prompt => (/** @type {number} */ position) =>
  prompt.lens?.(position, prompt.nLayers - 1).nextProbability ?? 0;

/**
 * Ask for the neuron of the state, in its prompt; null where none is chosen.
 *
 * @param {Asked | null} early what was asked for before, which may be another neuron by now
 * @returns {Asked | null}
 */
const askNeuron = (early = null) => {
  const { model, prompt, text, layer, neuron } = store.state;
  if (layer === null || neuron === null) return null;
  const shown = text ? { live: store.prompt?.prompt.live ?? "none" } : { prompt };
  const wanted = { model, ...shown, layer, neuron };
  const key = JSON.stringify(wanted);
  if (early?.key === key) return early;
  const answer = remembered("neuron", wanted);
  answer.catch(() => {}); // who awaits it reports it; of one that was overtaken nobody is told
  return { key, answer };
};

/** @param {Asked | null} early */
export const loadNeuron = async (early = null) => {
  const isLast = neurons.begin();
  emit("neuron-asked");
  const asked = askNeuron(early);
  if (!asked) {
    noNeuron();
    return;
  }
  try {
    const answer = await asked.answer;
    if (!isLast()) return;
    store.neuron = decodeNeuron(answer);
    emit("neuron");
  } catch (error) {
    if (!isLast()) return;
    store.neuron = null;
    emit("neuron-failed", /** @type {Error} */ (error).message);
  }
};
