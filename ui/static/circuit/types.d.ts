// What the question `circuit` answers (ui/circuit/view.py).

/** A neuron or head at a token; `rank` is null where it isn't of the circuit. */
export interface Unit {
  kind: "neuron" | "head";
  layer: number;
  unit: number;
  position: number;
  /** Logits, mean over contrasts. */
  estimate: number | null;
  /** Logits, patched alone beside the first contrast. */
  effect: number | null;
  rank: number | null;
  carries: string | null;
}

/** The sum of a layer's MLP or attention at a token, or the token's embedding. */
export interface Cell {
  kind: "mlp" | "attention" | "embedding";
  layer: number;
  position: number;
  estimate: number;
}

/** A line of the table: shares of the logit difference. */
export interface Listed {
  rank: number;
  kind: "neuron" | "head";
  layer: number;
  unit: number;
  position: number | null;
  score: number;
  effect: number | null;
  effect_subject: number | null;
  effect_answer: number | null;
  effect_relation: number | null;
  effect_frame: number | null;
  carries: string | null;
}

/** What the question `promoted` tells of a neuron (ui/circuit/promoted.py). */
export interface Promoted {
  layer: number;
  neuron: number;
  promoted: string[] | null;
  suppressed: string[] | null;
}

export interface CurvePoint {
  prompt_fact_id: number;
  condition: string;
  measure: "lost" | "kept";
  n_units: number;
  /** Contrasts that it is the median of. */
  n: number;
  share: number | null;
  lowest: number | null;
  highest: number | null;
}

export interface Against {
  prompt: number;
  contrast: number;
  purpose: "choose" | "measure";
  contrast_kind: "pair" | "mean";
  n_prompts: number;
  difference: number;
  subject: string | null;
  object: string | null;
}

export interface Fact {
  fact_id: number;
  relation: string;
  subject: string;
  object: string;
}

/** What a head brings from a token: logits toward the answer. */
export interface HeadSource {
  source_position: number;
  weight: number;
  /** Written directly; 0 but at the last token. */
  direct: number;
  /** Through all later units; null where that isn't told in this model. */
  relevance: number | null;
}

export interface Head {
  layer: number;
  head: number;
  position: number;
  /** The sum of `direct`. */
  written: number;
  estimate: number | null;
  effect: number | null;
  /** Share lost where it alone doesn't see the subject. */
  lost: number | null;
  sources: HeadSource[];
}

/** Some tokens no longer see others in a window of layers; `head` is -1 for all. */
export interface Knockout {
  from_role: string;
  to_role: string;
  first_layer: number;
  last_layer: number;
  head: number;
  position: number;
  difference_before: number;
  difference_after: number;
  lost: number | null;
}

/** What an earlier unit gives to a later one, or to the answer, in logits. */
export interface Edge {
  earlier_kind: "neuron" | "head";
  earlier_layer: number;
  earlier_unit: number;
  earlier_position: number;
  later_kind: "neuron" | "head" | "answer";
  later_layer: number;
  later_unit: number;
  later_position: number;
  score: number;
  /** By path patching. */
  effect: number | null;
}

/** The first step at which a circuit carries half of the answer (sql/macros/circuit_dates.sql). */
export interface CircuitDate {
  measure: "lost" | "kept";
  n_units: number;
  step: number | null;
  step_before: number | null;
  share_then: number | null;
  n_steps: number;
  why_none: "never" | "not measured" | "no difference" | null;
}

export type Which = "all" | "specific";

/** What units are given: the contrast's values, zero, or neurons' means over the corpus. */
export type How = "patch" | "zero" | "mean";

/** What the job `change_units` answers, in logits (kn_assets/knowledge/circuits/changing.py). */
export interface Changed {
  how: How;
  n_units: number;
  before: number;
  after: number;
  lost: number;
  estimated: number;
  alone: number;
  seconds: number;
}

/** Where a fact has a circuit. */
export interface Circuit {
  fact: Fact;
  has: Which[];
  n_units: number;
  prompt: {
    text: string;
    difference: number;
    roles: string[];
    tokens: string[];
  };
  measured: { text: string } | null;
  against: Against[];
  units: Unit[];
  cells: Cell[];
  listed: Listed[];
  curves: CurvePoint[];
  heads: Head[];
  knockout: Knockout[];
  edges: Edge[];
  others: { fact_id: number; relation: string; object: string }[];
  /** Over a training's steps; none where there are no steps. */
  dates?: CircuitDate[];
  missing?: undefined;
  /** Of a sentence of one's own, what the live run found. */
  own?: OwnFound;
}

/** An answer of a sentence of one's own, or of its contrast (kn_assets/knowledge/circuits/own.py). */
export interface OwnAnswer {
  /** As it was typed, or the likeliest token. */
  words: string;
  token: string;
  n_tokens: number;
  given: boolean;
  rank: number;
  probability: number;
}

/** What the job `own_circuit` answers (kn_assets/live/circuits.py). */
export interface OwnFound {
  prompt: Circuit["prompt"];
  subject: string;
  other: string;
  prefix: string;
  answer: OwnAnswer;
  against: OwnAnswer;
  n_units: number;
  units: Unit[];
  cells: Cell[];
  curves: Pick<CurvePoint, "condition" | "measure" | "n_units" | "share">[];
  is_measured: boolean;
  seconds: number;
  /** Below 0: the lake has it under that, where it was kept. */
  fact_id: number;
  kept: boolean;
  not_kept: string | null;
}

export type CircuitAnswer = Circuit | { fact: Fact; has: Which[]; missing: string };
