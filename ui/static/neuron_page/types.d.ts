// What the questions `neuron_page` and `neuron_near` answer.

import type { Example, Missing } from "../page/types.js";

export type Sign = 1 | -1;

export interface Rule {
  sign: Sign;
  rank: number;
  kind: string;
  rule: string;
  terms: string[];
  /** All figures are null where no rule was found. */
  precision: number | null;
  precision_low: number | null;
  precision_high: number | null;
  recall: number | null;
  recall_low: number | null;
  recall_high: number | null;
  base_rate: number | null;
  n: number | null;
  n_fired: number;
  n_both: number | null;
  n_held_out: number | null;
}

export interface Bar {
  sign: Sign | 0;
  lower: number;
  upper: number;
  n: number;
}

export interface Lift {
  n_both: number;
  n_fired: number;
  n: number;
  share: number;
  corpus_share: number;
  lift: number;
  lift_low: number;
  lift_high: number;
}

export interface TokenLift extends Lift {
  token: string;
  n_tokens: number;
  fires_at: number;
}

export interface ValueLift extends Lift {
  attribute: string;
  value: string;
  n_prompts: number;
}

export interface Half {
  sign: Sign;
  n_fired: number;
  firing_rate: number;
  n_prompts: number;
  largest: number | null;
  mean: number | null;
  promoted: string[] | null;
  promoted_scores: number[] | null;
  suppressed: string[] | null;
  suppressed_scores: number[] | null;
  rules: Rule[];
  examples: (Example & { sampled: boolean })[];
  at: TokenLift[];
  follows: TokenLift[];
}

export interface Concept {
  attribute: string;
  value: string;
  n: number;
  precision: number;
  recall: number;
  auroc: number;
  auroc_low: number;
  q_value: number;
}

export interface Fact {
  fact_id: number;
  relation: string;
  subject: string;
  object: string;
  share: number;
  score: number;
  causal: string | null;
  specific: string | null;
  total: number;
}

export interface Page {
  card: {
    n_fired: number;
    firing_rate: number;
    min: number;
    max: number;
    mean: number;
    std: number;
    threshold: number | null;
  } | null;
  histogram: Bar[];
  halves: Half[];
  lift: ValueLift[];
  concepts: Concept[];
  facts: Fact[];
  missing: Missing;
}

export interface Near {
  alike: { layer: number; neuron: number; cosine: number; shared: number; n_prompts: number }[];
  promoting: {
    layer: number;
    neuron: number;
    opposite: boolean;
    n_shared: number;
    n_tokens: number;
    tokens: string[];
  }[];
  missing: Missing;
}
