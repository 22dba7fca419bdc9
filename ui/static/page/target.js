// @ts-check
// The contributions to the target's logit, for the prompt on screen: a job of the live model. They
// are kept, so that going back asks nobody. Where the model can't be run its reason is told.

import { isAlwaysOn, loadAlwaysOn } from "./always_on.js";
import { decodeTarget, ranksByLayer } from "./contributions.js";
import { Cancelled, progressWords, runJob } from "./job.js";
import { go } from "./navigate.js";
import { isCut, openingToken } from "./opening.js";
import { onceAtRest } from "./rest.js";
import { ask, keep } from "./server.js";
import { emit, on, promptKey, store } from "./store.js";
import { readAgainst, readTarget, tokenText } from "./target_text.js";

/** @typedef {import("./contributions.js").Contributions} Contributions */
/**
 * The contributions, or words how far they are, or why they can't be had.
 *
 * @typedef {object} Judged
 * @property {string} key what they are of
 * @property {Contributions | null} data
 * @property {string} [words]
 * @property {string} [trouble] of this target
 * @property {string} [missing] of the model: no target can be had
 */

const CANCELLED = "cancelled";
const QUIET_MS = 150; // until what is drawn by another target goes: most answers are here before
const KEPT = 12;
const FIRST = 10; // ranks of what a model says
/** @type {Map<string, Contributions>} */
const memory = new Map();
/** @type {Set<string | null>} models that have answered: whether they can run isn't asked again */
const runs = new Set();
/** @type {AbortController | null} of the job under way */
let stop = null;
/** @type {ReturnType<typeof setTimeout> | undefined} until it is told how far the job is */
let telling;

/** What the job is asked for the prompt and the target on screen; null where there is neither. */
export const targetAsked = () => {
  const { model, prompt, text, target, against } = store.state;
  const [wanted, other] = [readTarget(target), readAgainst(against)];
  // The prompt that is here may be the one before, while another is on its way.
  const isHere = store.prompt && store.promptKey === promptKey(store.state);
  if (!isHere || !wanted || other === undefined) return null;
  return { model, ...(text ? { text } : { prompt }), target: wanted, against: other };
};

export const cancelTarget = () => stop?.abort();

/**
 * Whether nothing is to be done for a target: it is there, on its way, or somebody cancelled it.
 *
 * @param {string} key
 * @param {boolean} isAgain what was cancelled is wanted after all
 */
const rests = (key, isAgain) => {
  const { key: known, data, words, trouble } = store.target;
  if (key !== known) return false;
  const isUnderWay = Boolean(words) && !stop?.signal.aborted;
  return Boolean(data) || isUnderWay || (trouble === CANCELLED && !isAgain);
};

/**
 * @param {{ isFirst?: boolean, isAgain?: boolean }} how `isFirst`: of a text of several tokens take
 *   the first; `isAgain`: also where it was cancelled
 */
export const loadTarget = async ({ isFirst = false, isAgain = false } = {}) => {
  const asked = targetAsked();
  const shown = store.prompt;
  if (!asked || !shown || store.state.tab !== "explore") return;
  const key = JSON.stringify(asked);
  if (!isFirst && rests(key, isAgain)) return;
  stop?.abort();
  const own = new AbortController();
  stop = own;
  const begun = performance.now();
  /** @param {Omit<Judged, "key">} judged */
  const put = judged => {
    if (stop !== own || store.prompt !== shown) return;
    store.target = { key, ...judged };
    clearTimeout(telling);
    const wait = judged.words ? QUIET_MS - (performance.now() - begun) : 0;
    if (wait > 0) telling = setTimeout(() => emit("contributions"), wait);
    else emit("contributions");
  };
  try {
    const data = memory.get(key) ?? (await contributionsOf(asked, shown, isFirst, put, own.signal));
    if (!data) return;
    if (isFirst && chooseFirst(asked, data)) return;
    keep(memory, key, data, KEPT);
    put({ data });
    if (store.target.key === key) reopen(shown, data);
    if (data.lensRank) return;
    const whole = { ...data, lensRank: await lensRanks(asked, shown, own.signal) };
    keep(memory, key, whole, KEPT);
    put({ data: whole });
  } catch (error) {
    tellTrouble(error, memory.get(key) ?? null, put);
  }
};

/** @typedef {NonNullable<ReturnType<typeof targetAsked>>} Asked */
/** @typedef {import("./prompt.js").Prompt} Prompt */
/** @typedef {(judged: Omit<Judged, "key">) => void} Put */

/**
 * Contributions to a target; of one that the prompt's own lens doesn't tell of without the ranks after
 * each layer, for which the model takes far longer. Null where the model can't be run.
 *
 * @param {Asked} asked
 * @param {Prompt} shown
 * @param {boolean} isFirst
 * @param {Put} put
 * @param {AbortSignal} signal
 */
const contributionsOf = async (asked, shown, isFirst, put, signal) => {
  put({ data: null, words: "starting …" });
  const { missing } = runs.has(asked.model) ? {} : await ask("can_run", { model: asked.model });
  if (missing) {
    put({ data: null, missing });
    return null;
  }
  const target = isFirst ? { ...asked.target, first: true } : asked.target;
  const isNext = target.kind === "next";
  const tell = (/** @type {import("./job.js").Progress} */ state) =>
    put({ data: null, words: progressWords(state) });
  const answer = await runJob("target", { ...asked, target, lens: false }, tell, signal);
  runs.add(asked.model);
  await loadAlwaysOn();
  return decodeTarget(answer, shown, isAlwaysOn, isNext);
};

/**
 * The target's ranks after each layer.
 *
 * @param {Asked} asked
 * @param {Prompt} shown
 * @param {AbortSignal} signal
 */
const lensRanks = async (asked, shown, signal) =>
  ranksByLayer(await runJob("target", { ...asked, lens: true }, () => {}, signal), shown);

/**
 * @param {unknown} error
 * @param {Contributions | null} data what is there without what failed
 * @param {Put} put
 */
const tellTrouble = (error, data, put) => {
  if (error instanceof Cancelled) {
    put(data ? { data } : { data, trouble: CANCELLED });
    return;
  }
  runs.clear(); // what has run may be gone
  put({ data, trouble: /** @type {Error} */ (error).message });
};

/**
 * The first token of several that were typed is the target from now on, in the address too.
 *
 * @param {NonNullable<ReturnType<typeof targetAsked>>} asked
 * @param {Contributions} data
 */
const chooseFirst = (asked, data) => {
  const word = data.words.find(found => found !== null);
  if (!word) return false;
  const key = JSON.stringify({ ...asked, target: { kind: "token", token: word } });
  keep(memory, key, data, KEPT);
  go({ target: tokenText(word) }, { push: false });
  return true;
};

/**
 * A place that nobody chose is chosen by contributions once they are there.
 *
 * @param {import("./prompt.js").Prompt} prompt
 * @param {Contributions} data
 */
const reopen = (prompt, data) => {
  const { token, neuron } = store.byRule;
  if (!token) return;
  const at = openingToken(prompt.tokens, isCut(prompt), openingScore(data), prompt.sinks);
  const best = neuron ? strongest(prompt, data, at) : null;
  go({ token: at, ...best }, { push: false });
  store.byRule = { token: false, neuron };
};

/**
 * What opens a prompt: the sum of contributions, of a target that is among the model's first ten
 * before any other. Logits of different tokens can be compared no further.
 *
 * @param {Pick<Contributions, "sum" | "rank">} data
 */
export const openingScore =
  ({ sum, rank }) =>
  (/** @type {number} */ position) =>
    sum(position) - (rank[position] > 0 && rank[position] <= FIRST ? 0 : 1e9);

/**
 * The neuron with the largest contribution at a token, of those that don't always fire.
 *
 * @param {Pick<import("./prompt.js").Prompt, "nLayers" | "fired">} prompt
 * @param {Pick<Contributions, "fired">} data
 * @param {number} position
 * @returns {{ layer: number, neuron: number } | null}
 */
export const strongest = (prompt, { fired }, position) => {
  let best = null;
  for (let layer = 0; layer < prompt.nLayers; layer++) {
    for (const { neuron, i } of prompt.fired(position, layer)) {
      if (isAlwaysOn(layer, neuron)) continue;
      if (!best || fired[i] > best.value) best = { layer, neuron, value: fired[i] };
    }
  }
  return best && { layer: best.layer, neuron: best.neuron };
};

onceAtRest(() => loadTarget());
on("target", () => loadTarget());
on("against", () => loadTarget());
on("tab", () => loadTarget());
on("prompt-asked", () => {
  stop?.abort();
  stop = null;
  store.target = { key: "", data: null };
});
