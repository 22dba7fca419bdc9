// @ts-check
// What the tab Knowledge is about: a fact, or a sentence with its answer, and what is known of it.

/** @typedef {import("./grid.js").Cell} Cell */
/** @typedef {import("./comparison.js").Likely} Likely */
/**
 * @typedef {object} Wording a fact is asked in
 * @property {number} paraphrase
 * @property {string} text
 * @property {string | null} given the beginning of the object, which the prompt was given
 * @property {string | null} answer_token null where it wasn't asked
 * @property {number | null} probability
 * @property {number | null} rank
 * @property {string[] | null} top
 * @property {number[]} top_probabilities
 */
/**
 * @typedef {object} Effect of changing neurons, over a relation's facts
 * @property {string} kind
 * @property {string} control
 * @property {number} ratio
 * @property {number | null} low of a 95 % interval
 * @property {number | null} high
 * @property {number} n_facts
 */
/**
 * The answer of the question `fact`.
 *
 * @typedef {object} FactAnswer
 * @property {{ fact_id: number, subject: string, object: string, relation: string }} fact
 * @property {Wording[]} wordings
 * @property {Cell[]} neurons
 * @property {import("./comparison.js").Intervention[]} interventions
 * @property {Effect[]} effects
 * @property {string | null} missing
 */
/**
 * What a live attribution finds.
 *
 * @typedef {object} Attribution
 * @property {string} answer_token
 * @property {number} answer_tokens of the whole answer
 * @property {string} given after the sentence
 * @property {number} probability
 * @property {number} rank
 * @property {Likely[]} top
 * @property {string[]} tokens
 * @property {[number, number, number, number][]} neurons layer, neuron, score, activation
 * @property {number} coarse how many of them are over 20 % of the largest score
 * @property {number} n_over_floor
 * @property {{ total: number, difference: number }[]} layers sum of scores, and P - P(layer at 0)
 * @property {number} steps of the integral
 * @property {string} rule
 */

export class Subject {
  /** @type {FactAnswer | null} the fact on screen */
  fact = null;
  /** @type {Attribution | null} what was run live, of a sentence or of the fact */
  live = null;
  /** @type {number | null} of the fact's wordings, null for all */
  wording = null;

  /** The wordings that were asked. */
  asked() {
    return this.fact?.wordings.filter(w => w.rank !== null) ?? [];
  }

  /**
   * The neurons that hold the answer, as layer and neuron.
   *
   * @returns {[number, number][]}
   */
  neurons() {
    if (this.live) return this.live.neurons.slice(0, this.live.coarse).map(n => [n[0], n[1]]);
    const refined = this.fact?.neurons.filter(n => n.refined) ?? [];
    return refined.map(n => [n.layer, n.neuron]);
  }

  answerToken() {
    if (this.live) return this.live.answer_token;
    const isChosen = (/** @type {Wording} */ w) =>
      this.wording === null || w.paraphrase === this.wording;
    return this.fact?.wordings.find(isChosen)?.answer_token;
  }

  /** The wording that is asked where one must be. */
  paraphrase() {
    return this.wording ?? this.fact?.wordings[0]?.paraphrase ?? 0;
  }
}
