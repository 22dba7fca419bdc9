// What the server answers, and what widgets are handed, as far as several scripts use it.

import type { Packed } from "./packed.js";

/** The texts that tabs keep in the address; "" where there is none. */
export type Text =
  | "ask"
  | "whole"
  | "text"
  | "target"
  | "against"
  | "order"
  | "head"
  | "colours"
  | "lens"
  | "fact"
  | "sentence"
  | "answer"
  | "circuit"
  | "units"
  | "node"
  | "own"
  | "own_answer"
  | "contrast"
  | "contrast_answer"
  | "changed"
  | "query"
  | "map"
  | "colour"
  | "place"
  | "cluster"
  | "find"
  | "region"
  | "layers"
  | "rate"
  | "silent";

export type State = {
  model: string | null;
  prompt: number | null;
  token: number | null;
  layer: number | null;
  neuron: number | null;
  tab: string;
} & Record<Text, string>;

/** What Gradio hands over with a widget (ui/page/widgets.py). */
export interface Widget {
  name: string;
  element: Element;
  server: Record<string, (args: object) => Promise<unknown>>;
}

export interface Atlas {
  model: string;
  /** Of a training, by the model's name; null where it has none. */
  step: number | null;
  corpus: string | null;
  dtype: string | null;
  first_prompt: number;
  n_prompts: number;
  n_layers: number;
  n_neurons: number;
}

/** A step of a training: an atlas of its own. */
export interface Step {
  step: number;
  model: string;
}

/** Why a part isn't there, by its name. */
export type Missing = Record<string, string>;

export interface PromptAnswer {
  prompt: {
    prompt_id: number;
    name: string | null;
    country: string | null;
    is_capital: boolean | null;
    population: number | null;
    /** The number of a live run of a text, which the corpus doesn't have. */
    live?: number;
    /** Tokens of that text before it was cut. */
    n_whole?: number;
  };
  tokens: string[];
  /** Positions of attention sinks. */
  sinks: number[];
  n_layers: number;
  /** Per position and layer, strongest first: `neuron[offsets[at]]` and on. */
  fired: { offsets: Packed; neuron: Packed; activation: Packed };
  lens: LensAnswer | null;
  /** The activation from which a neuron fires, by layer. */
  thresholds: (number | undefined)[];
  missing: Missing;
  /** Whether the lens is computed on request. */
  waits?: boolean | null;
}

export interface LensAnswer {
  ranks: number;
  words: string[];
  word: Packed;
  probability: Packed;
  next_probability: Packed;
  next_rank: Packed;
}

export interface Example {
  prompt_id: number;
  name: string | null;
  country: string | null;
  peak: number;
  peak_position: number;
  tokens: string[];
  activations: (number | null)[];
}

/** A country's share of a neuron's prompts over its share of the corpus. */
export interface Lift {
  country: string;
  /** Of its prompts, those about the country. */
  n: number;
  share: number;
  corpus_share: number;
  lift: number;
  lift_low: number;
  lift_high: number;
}

export interface NeuronAnswer {
  card: {
    layer: number;
    neuron: number;
    firing_rate: number;
    n_fired: number;
    threshold: number;
    min: number;
    max: number;
    mean: number;
    std: number;
  } | null;
  countries: Lift[];
  vocabulary: Record<"promotes" | "suppresses", { token: string; score: number }[]> | null;
  top: Example[];
  sample: Example[];
  attention: AttentionAnswer | null;
  missing: Missing;
}

/** `weights` are the rows of a lower triangle, in units of `unit`; null where it didn't fire. */
export interface AttentionAnswer {
  weights: Packed;
  activations: (number | null)[];
  unit?: number;
}
