// The answer of the question `training_fact`: a fact through a model's training.

export interface PromptStep {
  prompt: number;
  text: string;
  /** Whether the training text had the prompt; null where that is unknown. */
  trained: boolean | null;
  step: number;
  probability: number;
  rank: number;
  greedy: boolean;
  saturation_layer: number | null;
}

/** By checkpoints; null where there is none (sql/macros/fact_milestones.sql). */
export interface Milestones {
  first_asked: number;
  last_asked: number;
  known_at_end: boolean;
  first_right: number | null;
  before_right: number | null;
  right_then: number | null;
  n_trained: number;
  first_held_out: number | null;
  before_held_out: number | null;
  right_held_out_then: number | null;
  n_held_out: number;
  stable: number | null;
  before_stable: number | null;
  forgotten: number | null;
  before_forgotten: number | null;
}

export interface NeuronStep {
  /** Among the fact's neurons, from 1. */
  place: number;
  layer: number;
  neuron: number;
  step: number;
  score: number;
  is_knowledge_neuron: boolean;
}

export interface Effect {
  kind: string;
  condition: string;
  n_neurons: number;
  n_prompts: number;
  /** Sets of neurons, or other facts. */
  n_sets: number;
  log_odds: number;
  ci_low: number | null;
  ci_high: number | null;
}

export interface Verdict {
  kind: string;
  claim: "causal" | "specific";
  verdict: "supported" | "weak" | "refuted" | "no evidence";
  control: string | null;
  sentence: string;
  n_neurons: number;
}

export interface Near {
  fact_id: number;
  relation: string;
  subject: string;
  object: string;
  n_shared: number;
}

export interface Story {
  fact: { fact_id: number; subject: string; object: string; relation: string };
  prompts: PromptStep[];
  milestones: Milestones | null;
  neurons: NeuronStep[];
  effects: (Effect & { step: number })[];
  verdicts: Verdict[];
  near: Near[];
  /** Of all other facts, those that share most neurons with it, three at most. */
  sharing: Near[];
  /** Steps at which the fact was attributed. */
  attributed: number[];
  /** Steps at which it was asked on demand. */
  on_demand: number[];
  /** What asks and attributes facts at all steps. */
  command: string;
}
