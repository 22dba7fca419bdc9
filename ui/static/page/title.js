// @ts-check
// The title of the page: the tab, what it shows, the model.

import { on, store } from "./store.js";

const LONGEST = 60; // characters of a text in the title

/** @type {Record<string, string>} as the tabs are named on the page */
const TABS = {
  explore: "Explore",
  map: "Map",
  circuit: "Circuit",
  knowledge: "Knowledge",
  training: "Training",
  sql: "SQL",
};

/** @param {string} text */
const short = text => {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
};

/**
 * What is on screen, in words; "" where nothing is.
 *
 * @param {import("./types.d.ts").State} state
 * @param {{ prompt: string | null, fact: string }} names of the prompt and of the fact
 */
export const subjectOf = (state, names) => {
  const { tab, whole, layer, neuron, prompt, text, fact, sentence, query, ask } = state;
  const { own, contrast } = state;
  if (ask) return `asked: ${short(ask)}`;
  const unit = layer === null || neuron === null ? "" : `neuron ${layer}/${neuron}`;
  if (whole) return unit;
  if (tab === "map" && state.map !== "prompts") return unit;
  if (tab === "sql") return short(query ?? "");
  if (tab === "knowledge" && sentence) return short(sentence);
  if (tab === "circuit" && own && contrast) return short(own);
  if (["knowledge", "training", "circuit"].includes(tab))
    return names.fact || (fact && `fact ${fact}`);
  const place = text ? short(text) : (names.prompt ?? (prompt === null ? "" : `prompt ${prompt}`));
  return [place, tab === "map" ? "" : unit].filter(Boolean).join(", ");
};

/**
 * @param {import("./types.d.ts").State} state
 * @param {{ prompt: string | null, fact: string }} names
 */
export const titleOf = (state, names) =>
  [
    state.whole ? "Neuron page" : (TABS[state.tab] ?? state.tab),
    subjectOf(state, names),
    state.model,
  ]
    .filter(Boolean)
    .join(" · ");

/** Keep the page's title true of what is on screen. */
export const followTitle = () => {
  /** @type {{ id: string, words: string }} the fact that was named last */
  let fact = { id: "", words: "" };
  const show = () => {
    const { state, prompt } = store;
    const isOf =
      prompt && (state.text ? prompt.prompt.live : prompt.prompt.prompt_id === state.prompt);
    const names = {
      prompt: isOf && prompt.prompt.name ? short(prompt.prompt.name) : null,
      fact: fact.id === state.fact ? fact.words : "",
    };
    document.title = titleOf(state, names);
  };
  on("fact-named", (id, words) => {
    fact = { id: String(id), words };
    show();
  });
  const events = [
    "tab",
    "model",
    "prompt",
    "neuron-asked",
    "fact",
    "sentence",
    "own",
    "contrast",
    "query",
    "ask",
    "whole",
    "map",
  ];
  for (const event of events) on(event, show);
};
