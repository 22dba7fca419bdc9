// @ts-check
// What is on screen. Panes read `store`, ask for changes through navigate.js and hear of them here.

/** @typedef {import("./types.d.ts").State} State */

export const store = {
  /** What the address says; tabs add texts of their own. */
  state: /** @type {State} */ ({
    model: null,
    prompt: null,
    token: null,
    layer: null,
    neuron: null,
    tab: "explore",
  }),
  /** @type {import("./types.d.ts").Atlas[]} */
  atlases: [],
  /** @type {import("./types.d.ts").Atlas | null} the chosen one */
  atlas: null,
  /** @type {import("./prompt.js").Prompt | null} the prompt on screen */
  prompt: null,
  /** Whose prompt that is: `promptKey` of the state that asked for it. */
  promptKey: "",
  /** @type {import("./neuron.js").Neuron | null} the neuron on screen, in that prompt */
  neuron: null,
  /** @type {import("./target.js").Judged} contributions in that prompt, or how far they are */
  target: { key: "", data: null },
  /** What was chosen by rule, not by who reads: it may be chosen better once more is known. */
  byRule: { token: false, neuron: false },
  /** @type {import("./types.d.ts").Step[]} those of the model on screen, first step first */
  steps: [],
  /** Place in `steps`, -1 where the atlas is of no step. */
  step: -1,
  /** Questions that the server is still at, and tabs whose scripts are on their way. */
  unanswered: 0,
  /** Whether the model's work on the prompt on screen waits for the page to rest: see rest.js. */
  isDue: false,
  /** Whether the atlases are here. */
  started: false,
};

/**
 * What tells one prompt on screen from another.
 *
 * @param {Pick<State, "model" | "prompt"> & { text?: string }} state
 */
export const promptKey = ({ model, prompt, text }) =>
  JSON.stringify(text ? [model, "text", text] : [model, "prompt", prompt]);

/** @type {Map<string, ((...details: any[]) => void)[]>} */
const listeners = new Map();

/**
 * Hear of an event: what of `store` has changed, e.g. "prompt" or "token".
 *
 * @param {string} event
 * @param {(...details: any[]) => void} f
 */
export const on = (event, f) => {
  listeners.set(event, [...(listeners.get(event) ?? []), f]);
};

/**
 * @param {string} event
 * @param {any[]} details
 */
export const emit = (event, ...details) => {
  for (const f of listeners.get(event) ?? []) f(...details);
};
