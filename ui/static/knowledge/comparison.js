// @ts-check
// An answer before and after an intervention, one row per condition: the neurons, then the controls.

/** @typedef {[string, number | null]} Likely a token and its probability, null where it isn't stored */
/**
 * @typedef {object} Trial
 * @property {number} before P(answer)
 * @property {number} after
 * @property {number} rank_before
 * @property {number} rank_after
 */
/**
 * A stored intervention.
 *
 * @typedef {object} Intervention
 * @property {string} kind
 * @property {string} condition
 * @property {number} prompt number of the fact's prompt
 * @property {number} probability_before
 * @property {number} probability_after
 * @property {number} rank_before
 * @property {number} rank_after
 * @property {number} n_neurons
 * @property {number} factor
 * @property {string} subject of the other fact
 * @property {string} object
 * @property {string[]} top_before
 * @property {string[]} top_after
 */
/**
 * What a live run answers.
 *
 * @typedef {object} LiveChange
 * @property {number} n_neurons
 * @property {number} factor
 * @property {string[]} tokens of the prompt
 * @property {string} answer_prefix after them
 * @property {string} answer_token
 * @property {LiveCondition[]} conditions
 */
/**
 * @typedef {object} LiveCondition
 * @property {string} condition
 * @property {(Trial & { words: string })[]} trials
 * @property {Likely[]} top_before
 * @property {Likely[]} top_after
 */
/**
 * @typedef {object} Summary of trials
 * @property {string} condition
 * @property {number} n trials
 * @property {number} before
 * @property {number} after
 * @property {number | null} change of the mean, as a share
 * @property {number} low of the trials' changes
 * @property {number} high
 * @property {number} rankBefore
 * @property {number} rankAfter
 */
/**
 * @typedef {object} Extra
 * @property {number} neurons
 * @property {number} factor
 * @property {string | null} about the other fact
 * @property {Likely[]} topBefore
 * @property {Likely[]} topAfter
 */
/** @typedef {Summary & Extra} Row */

/**
 * What a circuit's neurons do, each at its own token, under their own name.
 *
 * @template {{ condition: string }} Row
 * @param {Row[]} rows
 */
export const asCircuits = rows =>
  rows.map(row => (row.condition === "knowledge_neurons" ? { ...row, condition: "circuit" } : row));

const ORDER = [
  "selected",
  "knowledge_neurons",
  "random",
  "activation_matched",
  "other_fact",
  "same_subject",
  "final_checkpoint",
];

/**
 * @template Item
 * @param {Item[]} list
 * @param {(item: Item) => number} get
 */
const mean = (list, get) => list.reduce((sum, item) => sum + get(item), 0) / list.length;

/** @param {number} x */
const tenths = x => Math.round(10 * x) / 10;

/**
 * @param {string} condition
 * @param {Trial[]} trials
 * @returns {Summary}
 */
export const summarize = (condition, trials) => {
  const before = mean(trials, t => t.before);
  const after = mean(trials, t => t.after);
  const changes = trials.map(t => t.after / t.before - 1).filter(Number.isFinite);
  return {
    condition,
    n: trials.length,
    before,
    after,
    change: before > 0 ? after / before - 1 : null,
    low: Math.min(...changes),
    high: Math.max(...changes),
    rankBefore: tenths(mean(trials, t => t.rank_before)),
    rankAfter: tenths(mean(trials, t => t.rank_after)),
  };
};

/**
 * Stored interventions of one kind as rows by condition.
 *
 * @param {Intervention[]} interventions
 * @param {string} kind
 * @param {number | null} prompt null for all
 * @returns {Row[]}
 */
export const storedChange = (interventions, kind, prompt) =>
  ORDER.flatMap(condition => {
    const isOther = isElsewhere(condition);
    const own = interventions.filter(
      r =>
        r.kind === kind &&
        r.condition === condition &&
        (prompt === null || isOther || r.prompt === prompt),
    );
    if (!own.length) return [];
    const [first] = own;
    const trials = own.map(r => ({
      before: r.probability_before,
      after: r.probability_after,
      rank_before: r.rank_before,
      rank_after: r.rank_after,
    }));
    return [
      {
        ...summarize(condition, trials),
        neurons: first.n_neurons,
        factor: first.factor,
        about: isOther ? joined(own.map(r => `${r.subject} → ${r.object}`)) : null,
        topBefore: first.top_before.map(unmeasured),
        topAfter: first.top_after.map(unmeasured),
      },
    ];
  });

/**
 * Whether a condition is measured on other facts' prompts.
 *
 * @param {string} condition
 */
export const isElsewhere = condition => condition === "other_fact" || condition === "same_subject";

/** @param {string[]} words */
const joined = words => [...new Set(words)].join(" · ");

/** @type {(token: string) => Likely} */
const unmeasured = token => [token, null];

/**
 * A live run as rows by condition.
 *
 * @param {LiveChange} run
 * @returns {Row[]}
 */
export const liveChange = run =>
  ORDER.flatMap(condition =>
    run.conditions
      .filter(c => c.condition === condition)
      .map(({ trials, top_before, top_after }) => ({
        ...summarize(condition, trials),
        neurons: run.n_neurons,
        factor: run.factor,
        about: isElsewhere(condition) ? joined(trials.map(t => t.words)) : null,
        topBefore: top_before,
        topAfter: top_after,
      })),
  );
