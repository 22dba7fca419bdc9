// @ts-check
// What each part of the model adds to the logit of a target, at each token of a prompt.

import { unpack } from "./packed.js";
import { notSinks } from "./prompt.js";

/**
 * The answer of the job `target`, for T tokens, L layers and H heads.
 *
 * @typedef {object} TargetAnswer
 * @property {(string | null)[]} target_words [T], null where nothing follows
 * @property {(string | null)[] | null} against_words
 * @property {import("./packed.js").Packed} logit [T]
 * @property {import("./packed.js").Packed} probability [T]
 * @property {import("./packed.js").Packed} rank [T]
 * @property {import("./packed.js").Packed | null} lens_rank [T, L]; null where the lens wasn't asked for
 * @property {import("./packed.js").Packed} text_log_probability [T], of token t + 1
 * @property {import("./packed.js").Packed} fired [n], in the order of the prompt's own
 * @property {import("./packed.js").Packed} mlp [T, L]
 * @property {import("./packed.js").Packed} attention [T, L]
 * @property {import("./packed.js").Packed} heads [T, L, H]
 * @property {import("./packed.js").Packed} embedding [T]
 * @property {import("./packed.js").Packed} biases [T]
 * @property {number} n_heads
 */
/** @typedef {(position: number, layer: number) => number} AtLayer */
/**
 * @typedef {object} Contributions in logits, of the target minus what it is set against
 * @property {(string | null)[]} words of the target by position
 * @property {(string | null)[] | null} against
 * @property {import("./packed.js").Numbers} logit
 * @property {import("./packed.js").Numbers} probability
 * @property {import("./packed.js").Numbers} rank
 * @property {AtLayer | null} lensRank null until the model has told it
 * @property {import("./packed.js").Numbers} logProbability of the token after each position
 * @property {import("./packed.js").Numbers} fired of each fired neuron
 * @property {AtLayer} mlp
 * @property {AtLayer} attention
 * @property {AtLayer} layer MLP and attention
 * @property {(position: number) => number} sum over all layers
 * @property {import("./packed.js").Numbers} embedding
 * @property {import("./packed.js").Numbers} biases
 * @property {number} nHeads
 * @property {(position: number, layer: number, head: number) => number} head
 * @property {{ neuron: number, head: number, layer: number }} full logits of full colour
 */

const FULL = 0.995; // share of values that are below full colour

/**
 * Full colour: the first of 1, 3, 10, 30 and so on under which nearly all values lie. Two prompts of a
 * model so have mostly the same, and it is easily said.
 *
 * @param {ArrayLike<number>} values
 */
export const fullColour = values => {
  const sizes = Float32Array.from(values, Math.abs).sort();
  const value = sizes[Math.min(sizes.length - 1, Math.floor(FULL * sizes.length))];
  if (!value || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 3, 10].find(times => times * power >= value * (1 - 1e-6)) ?? 10;
  return Number((step * power).toPrecision(3));
};

/**
 * @param {TargetAnswer} answer
 * @param {Pick<import("./prompt.js").Prompt, "tokens" | "nLayers" | "sinks" | "range" | "fired" | "lens">} prompt
 * @param {(layer: number, neuron: number) => boolean} isFolded neurons that full colour isn't of
 * @param {boolean} isNext whether the target is what really follows, which the prompt's own lens tells of
 * @returns {Contributions}
 */
export const decodeTarget = (answer, prompt, isFolded = () => false, isNext = true) => {
  const { tokens, nLayers, sinks, range } = prompt;
  const [fired, mlp, attention, heads] = [
    unpack(answer.fired),
    unpack(answer.mlp),
    unpack(answer.attention),
    unpack(answer.heads),
  ];
  const nHeads = answer.n_heads;
  const cells = tokens.length * nLayers;
  const ordinary = notSinks(tokens.length, sinks);
  if (
    fired.length !== range(tokens.length - 1)[1] ||
    mlp.length !== cells ||
    heads.length !== cells * nHeads
  ) {
    throw new Error("these contributions are of another prompt: load this page again");
  }
  const layers = Float32Array.from(mlp, (value, i) => value + attention[i]);
  /** @type {(values: import("./packed.js").Numbers, place: (position: number) => number[]) => number} */
  const fullOf = (values, place) =>
    fullColour(ordinary.flatMap(position => [...values.subarray(...place(position))]));
  /** @type {(width: number) => (position: number) => number[]} */
  const wide = width => position => [position * width, (position + 1) * width];
  const atLayer = byLayer(nLayers);
  return {
    words: answer.target_words,
    against: answer.against_words,
    logit: unpack(answer.logit),
    ...ranks(answer, prompt, isNext),
    fired,
    mlp: atLayer(mlp),
    attention: atLayer(attention),
    layer: atLayer(layers),
    sum: position =>
      layers.slice(position * nLayers, (position + 1) * nLayers).reduce((a, b) => a + b, 0),
    embedding: unpack(answer.embedding),
    biases: unpack(answer.biases),
    nHeads,
    head: (position, layer, head) => heads[(position * nLayers + layer) * nHeads + head],
    full: {
      neuron: fullColour(ordinary.flatMap(position => shownAt(prompt, fired, position, isFolded))),
      head: fullOf(heads, wide(nLayers * nHeads)),
      layer: fullOf(layers, wide(nLayers)),
    },
  };
};

/** @type {(nLayers: number) => (values: ArrayLike<number>) => AtLayer} */
const byLayer = nLayers => values => (position, layer) => values[position * nLayers + layer];

/**
 * The target's ranks after each layer; null where they weren't asked for.
 *
 * @param {Pick<TargetAnswer, "lens_rank">} answer
 * @param {Pick<import("./prompt.js").Prompt, "nLayers">} prompt
 */
export const ranksByLayer = ({ lens_rank: ranks }, { nLayers }) =>
  ranks && byLayer(nLayers)(unpack(ranks));

/**
 * Ranks and probabilities of the target; of what really follows the prompt's own lens tells them, and
 * the model isn't asked for it.
 *
 * @param {TargetAnswer} answer
 * @param {Pick<import("./prompt.js").Prompt, "tokens" | "nLayers" | "lens">} prompt
 * @param {boolean} isNext
 * @returns {Pick<Contributions, "probability" | "rank" | "lensRank" | "logProbability">}
 */
const ranks = (answer, prompt, isNext) => {
  const { tokens, nLayers, lens } = prompt;
  const { probability, rank, lens_rank: asked, text_log_probability: log } = answer;
  if (asked || !isNext || !lens) {
    return {
      probability: unpack(probability),
      rank: unpack(rank),
      lensRank: ranksByLayer(answer, prompt),
      logProbability: unpack(log),
    };
  }
  const last = tokens.map((_, position) => lens(position, nLayers - 1));
  return {
    probability: Float32Array.from(last, read => read.nextProbability),
    rank: Uint32Array.from(last, read => read.nextRank),
    lensRank: (position, layer) => lens(position, layer).nextRank,
    logProbability: Float32Array.from(last, read =>
      Math.log(Math.max(read.nextProbability, 1e-30)),
    ),
  };
};

/**
 * The contributions of what fired at a token, without neurons that are folded away.
 *
 * @param {Pick<import("./prompt.js").Prompt, "nLayers" | "fired">} prompt
 * @param {import("./packed.js").Numbers} contributions
 * @param {number} position
 * @param {(layer: number, neuron: number) => boolean} isFolded
 */
const shownAt = (prompt, contributions, position, isFolded) =>
  Array.from({ length: prompt.nLayers }, (_, layer) =>
    prompt
      .fired(position, layer)
      .filter(({ neuron }) => !isFolded(layer, neuron))
      .map(({ i }) => contributions[i]),
  ).flat();

/** Words of a contribution: "+1.42 logit". */
export const logits = (/** @type {number} */ value) => {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  if (size < 0.005) return value === 0 ? "0 logit" : `${value < 0 ? "−" : "+"}<0.01 logit`;
  return `${value < 0 ? "−" : "+"}${size.toFixed(digits)} logit`;
};
