// @ts-check
// Changes of what is on screen, and of the address with it.

import { longTexts, notifyIgnored, readAddress, saveAddress } from "./address.js";
import { loadNeuron, loadPrompt } from "./loading.js";
import { ask, connect, forget } from "./server.js";
import { emit, store } from "./store.js";
import { firstModel } from "./steps_of.js";
import { tabs, tabTexts } from "./tabs.js";
import { dropUnread } from "./target_text.js";
import { debounce, Turns } from "./timing.js";

/** @typedef {import("./types.d.ts").State} State */

/**
 * Change what is on screen. A moved token replaces the address, anything else adds to history.
 *
 * @param {Partial<State>} change
 * @param {{ push?: boolean, keepToken?: boolean }} how `keepToken`: the prompt is the same one,
 *   seen by another step of the model
 */
export const go = async (change, { push = true, keepToken = false } = {}) => {
  const before = { ...store.state };
  Object.assign(store.state, consistent(change));
  /** @param {(keyof State)[]} names */
  const moved = (...names) => names.some(name => store.state[name] !== before[name]);
  if (moved("token")) store.byRule.token = false;
  if (moved("layer", "neuron")) store.byRule.token = store.byRule.neuron = false;
  const others = /** @type {(keyof State)[]} */ (Object.keys(before)).filter(n => n !== "token");
  if (!moved(...others)) {
    if (!moved("token")) return;
    emit("token");
    saveLater();
    return;
  }
  if (moved("model")) chooseModel();
  if (moved("tab")) emit("tab", store.state.tab);
  for (const text of tabTexts()) if (moved(text)) emit(text, store.state[text]);
  if (moved("prompt", "model", "text")) {
    if (!moved("token") && !keepToken) store.state.token = null;
    // Chosen for another prompt, and by nobody: the next one has a neuron of its own, unless it is
    // opened at a token, as one of the neuron's examples.
    const isOpen = (change.token ?? null) === null && (change.layer ?? null) === null;
    if (store.byRule.neuron && isOpen && !keepToken) store.state.layer = store.state.neuron = null;
    saveAddress(push);
    await loadPrompt();
  } else if (moved("layer", "neuron")) {
    saveAddress(push);
    if (moved("token")) emit("token");
    await loadNeuron();
  } else if (moved("token")) emit("token");
  saveAddress(push);
};
// Browsers refuse more than some hundred changes of the address in half a minute.
const saveLater = debounce(150, () => saveAddress(false));

/**
 * A text of one's own and a prompt of the corpus take each other's place; who goes to a tab leaves
 * the page that lies over it.
 *
 * @param {Partial<State>} change
 * @returns {Partial<State>}
 */
const consistent = change => {
  if (change.tab !== undefined && change.whole === undefined) change = { ...change, whole: "" };
  if (change.text) return { ...change, prompt: null };
  const hasPrompt = change.prompt !== undefined && change.prompt !== null;
  return hasPrompt ? { text: "", ...change } : change;
};

const chooseModel = () => {
  store.atlas = store.atlases.find(a => a.model === store.state.model) ?? null;
  emit("model");
};

/**
 * @param {number | null} prompt
 * @param {number | null} token
 */
export const openPrompt = (prompt, token = null) => go({ prompt, token, tab: "explore" });

/**
 * What was asked for, without what its atlas doesn't have; the latter is added to `wrong`, and the
 * prompt that is nearest to the one asked for to `near`.
 *
 * @param {Partial<State>} wanted
 * @param {string[]} wrong
 * @param {import("./address.js").Near} near
 * @returns {Promise<Partial<State>>}
 */
const inAtlas = async (wanted, wrong, near) => {
  const atlas = store.atlases.find(a => a.model === wanted.model) ?? store.atlases[0];
  /** @param {"layer" | "neuron" | "prompt"} name */
  const drop = name => {
    wrong.push(`${name}=${wanted[name]}`);
    wanted[name] = null;
  };
  if ((wanted.layer ?? -1) >= atlas.n_layers) drop("layer");
  if ((wanted.neuron ?? -1) >= atlas.n_neurons) drop("neuron");
  if ((wanted.layer ?? null) === null || (wanted.neuron ?? null) === null) {
    wanted.layer = wanted.neuron = null;
  }
  if (wanted.prompt !== undefined) {
    const { has, nearest } = await ask("has_prompt", wanted);
    if (!has) {
      drop("prompt");
      wanted.prompt = near.prompt = nearest;
      wanted.token = null;
    }
  }
  if (wanted.text) wanted.prompt = null;
  else if ((wanted.prompt ?? null) === null) {
    wanted.prompt = atlas.first_prompt;
    if (wrong.some(part => part.startsWith("prompt"))) wanted.token = null;
  }
  return wanted;
};

/** Look at the lake again, since a table was written: its atlases, and what panes lacked. */
export const relook = async () => {
  /** @type {{ atlases: import("./types.d.ts").Atlas[] }} */
  const { atlases } = await ask("atlases", {});
  if (!store.atlases.length && atlases.length) {
    location.reload(); // the first atlas of the lake: there was no page yet
    return;
  }
  const isSame = JSON.stringify(atlases) === JSON.stringify(store.atlases);
  store.atlases = atlases;
  forget();
  if (!isSame) {
    store.atlas = atlases.find(a => a.model === store.state.model) ?? store.atlas;
    emit("atlases");
  }
  emit("tables");
};

const restores = new Turns();

/** Show what the address says. */
const restore = async () => {
  const isLast = restores.begin();
  const models = store.atlases.map(a => a.model);
  const there = { tabs: [...tabs.keys()], models, texts: tabTexts() };
  const { wanted, wrong } = readAddress(location.search, there);
  Object.assign(wanted, await longTexts(location.search, there.texts));
  const empty = { prompt: null, token: null, layer: null, neuron: null, tab: "explore" };
  dropUnread(wanted, wrong);
  wanted.model ??= firstModel(store.atlases);
  /** @type {import("./address.js").Near} */
  const near = {};
  const target = { ...empty, ...(await inAtlas(wanted, wrong, near)) };
  if (!isLast()) return; // one went on in the history meanwhile
  notifyIgnored(wrong, near);
  await go(target, { push: false });
};

/**
 * Called once, by the bar.
 *
 * @param {import("./server.js").Functions} functions the server's
 */
export const start = async functions => {
  connect(functions);
  try {
    store.atlases = (await ask("atlases", {})).atlases;
  } catch (error) {
    emit("failed", /** @type {Error} */ (error).message);
    return;
  }
  store.started = true;
  emit("started");
  if (!store.atlases.length) return;
  addEventListener("popstate", restore);
  await restore();
  performance.mark("kn-ready");
  document.documentElement.dataset.knState = "ready";
  emit("ready");
};
