// @ts-check
// The subject of the tab Knowledge: a fact, or a sentence with its answer, and its data.

/** @typedef {import("./grid.js").Cell} Cell */
/** @typedef {import("./comparison.js").Likely} Likely */
/**
 * @typedef {object} FactPrompt with the model's answer
 * @property {number} prompt its number
 * @property {string} text
 * @property {string | null} answer_prefix the object's tokens before the answer
 * @property {string | null} answer_token null where it wasn't asked
 * @property {number | null} probability
 * @property {number | null} rank
 * @property {string[] | null} top
 * @property {number[]} top_probabilities
 * @property {number | null} answer_tokens of the whole object
 * @property {number | null} logprob of the whole object, nats
 * @property {boolean | null} greedy whether greedy decoding says the whole object
 */
/**
 * @typedef {object} Effect of an intervention over a relation's facts
 * @property {string} kind
 * @property {string} condition
 * @property {number} relative_change
 * @property {number | null} ci_low of a 95 % interval
 * @property {number | null} ci_high
 * @property {number} n_facts
 */
/**
 * The answer of the question `fact`.
 *
 * @typedef {object} FactAnswer
 * @property {{ fact_id: number, subject: string, object: string, relation: string }} fact
 * @property {FactPrompt[]} prompts
 * @property {(Omit<Cell, "inSet"> & { is_knowledge_neuron: boolean })[]} neurons
 * @property {import("./comparison.js").Intervention[]} interventions
 * @property {Effect[]} effects of the relation
 * @property {import("../story/types.d.ts").Effect[]} own_effects of the fact
 * @property {import("../story/types.d.ts").Verdict[]} verdicts
 * @property {Pick<FactAnswer, "interventions" | "own_effects" | "verdicts">} circuit the same of its
 *   circuit's neurons, each changed where it was attributed
 * @property {{ what: string, share: number | null, share_of: string | null, attributed: boolean }
 *   | null} asked how it was asked on demand
 * @property {string | null} missing
 */
/**
 * What a live attribution finds.
 *
 * @typedef {object} Attribution
 * @property {string} answer_token
 * @property {number} answer_tokens of the whole answer
 * @property {string} answer_prefix after the sentence
 * @property {number} logprob of the whole answer, nats
 * @property {boolean} greedy whether greedy decoding says the whole answer
 * @property {number} probability
 * @property {number} rank
 * @property {Likely[]} top
 * @property {string[]} tokens
 * @property {[number, number, number, number][]} neurons layer, neuron, score, activation
 * @property {number} coarse how many of them are over 20 % of the largest score
 * @property {number} n_over_floor
 * @property {{ attribution_sum: number, probability_drop: number }[]} layers
 * @property {number} steps of the integral
 * @property {string} rule
 */

export class Subject {
  /** @type {FactAnswer | null} the fact on screen */
  fact = null;
  /** @type {Attribution | null} what was run live, of a sentence or of the fact */
  live = null;
  /** @type {number | null} number of the chosen prompt, null for all */
  prompt = null;

  /** The prompts that the model was asked. */
  asked() {
    return this.fact?.prompts.filter(p => p.rank !== null) ?? [];
  }

  /**
   * The knowledge neurons, or the coarse set of a live run, as layer and neuron.
   *
   * @returns {[number, number][]}
   */
  neurons() {
    if (this.live) return this.live.neurons.slice(0, this.live.coarse).map(n => [n[0], n[1]]);
    const kept = this.fact?.neurons.filter(n => n.is_knowledge_neuron) ?? [];
    return kept.map(n => [n.layer, n.neuron]);
  }

  answerToken() {
    if (this.live) return this.live.answer_token;
    const isChosen = (/** @type {FactPrompt} */ p) =>
      this.prompt === null || p.prompt === this.prompt;
    return this.fact?.prompts.find(isChosen)?.answer_token;
  }

  /** The number of the prompt for a live run. */
  promptNumber() {
    return this.prompt ?? this.fact?.prompts[0]?.prompt ?? 0;
  }
}
