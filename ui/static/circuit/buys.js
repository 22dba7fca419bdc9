// @ts-check
// What the units of a circuit buy, in numbers and in one sentence: read off the measured curves,
// never between two sizes.

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./types.d.ts").CurvePoint} CurvePoint */
/** @typedef {import("./types.d.ts").Which} Which */
/** @typedef {{ verdict: "fact" | "subject" | "open" | "control" | "unmeasured", words: string }} Judgement */

/** @type {Record<string, { name: string, colour: string, plural: string }>} */
export const CONTROLS = {
  other_fact: {
    name: "another fact's units",
    colour: "violet",
    plural: "of another fact's units",
  },
  largest_change: {
    name: "units that change most",
    colour: "orange",
    plural: "of the units that change most",
  },
  activation_matched: {
    name: "activation-matched units",
    colour: "blue",
    plural: "activation-matched units",
  },
  random: { name: "random units", colour: "grey", plural: "random units" },
};

/** Share of a unit's own loss from which the same loss elsewhere takes away the claim. */
const AS_MUCH = 0.5;

/**
 * The condition of `circuit_curves` that a circuit's own units have.
 *
 * @param {Which} which
 */
export const conditionOf = which => (which === "all" ? "circuit" : "specific");

/**
 * The points of one line, by number of units.
 *
 * @param {Circuit} circuit
 * @param {string} condition
 * @param {string} measure
 * @param {number} fact whose answer was measured
 */
export const line = ({ curves }, condition, measure, fact) =>
  curves
    .filter(c => c.condition === condition && c.measure === measure && c.prompt_fact_id === fact)
    .sort((a, b) => a.n_units - b.n_units);

/**
 * The numbers of units that a circuit was measured with, the least first.
 *
 * @param {Circuit} circuit
 * @param {Which} which
 */
export const sizesOf = (circuit, which) => {
  const own = circuit.curves.filter(c => c.condition === conditionOf(which));
  return [...new Set(own.map(c => c.n_units))].sort((a, b) => a - b);
};

/**
 * The number of units on screen: that of the address, or the nearest that was measured; 30 where the
 * address says none.
 *
 * @param {string} text of the address
 * @param {number[]} sizes
 */
export const sizeAsked = (text, sizes) => {
  const asked = /^\d{1,6}$/.test(text) ? Math.max(1, Number(text)) : 30;
  const far = (/** @type {number} */ n) => Math.abs(Math.log(n / asked));
  return sizes.toSorted((a, b) => far(a) - far(b))[0] ?? 0;
};

/**
 * @param {Circuit} circuit
 * @param {string} condition
 * @param {string} measure
 * @param {number} fact
 * @param {number} n
 */
export const pointAt = (circuit, condition, measure, fact, n) =>
  line(circuit, condition, measure, fact).find(c => c.n_units === n && c.share !== null) ?? null;

/** @param {number | null | undefined} value */
export const share = value => {
  if (value === null || value === undefined) return "–";
  const rounded = Math.round(100 * value);
  return `${rounded < 0 ? "−" : ""}${Math.abs(rounded)} %`;
};

/** @param {CurvePoint} point */
export const spread = ({ n, lowest, highest }) =>
  n > 1 ? `${share(lowest)} to ${share(highest)} over ${n} contrasts` : "one contrast";

/**
 * What a relation asks of its subject: "city-continent" the continent of a city.
 *
 * @param {string} relation
 */
const wordsOf = relation => {
  const [of, ...asked] = relation.split("-");
  return asked.length ? { of, asked: asked.join(" ") } : { of: "subject", asked: relation };
};

/**
 * The strongest control, and the other fact of the subject that loses most, with n units changed.
 *
 * @param {Circuit} circuit
 * @param {Which} which
 * @param {number} n
 */
const beside = (circuit, which, n) => {
  const { fact, others } = circuit;
  const controls = Object.keys(CONTROLS).flatMap(
    name => pointAt(circuit, name, "lost", fact.fact_id, n) ?? [],
  );
  const same = others.flatMap(
    other => pointAt(circuit, conditionOf(which), "lost", other.fact_id, n) ?? [],
  );
  const most = (/** @type {CurvePoint[]} */ found) =>
    found.toSorted((a, b) => Number(b.share) - Number(a.share))[0] ?? null;
  return { control: most(controls), other: most(same) };
};

/**
 * One sentence about n units of a circuit, by the rule that nothing is said of the fact where the
 * same units lose half as much of the same subject's other facts.
 *
 * @param {Circuit} circuit
 * @param {Which} which
 * @param {number} n
 * @returns {Judgement}
 */
export const judge = (circuit, which, n) => {
  const { fact } = circuit;
  const units = n === 1 ? "1 unit" : `${n.toLocaleString("en-US")} units`;
  const own = pointAt(circuit, conditionOf(which), "lost", fact.fact_id, n);
  if (!own) return { verdict: "unmeasured", words: keptWords(circuit, which, n, units) };
  const { control, other } = beside(circuit, which, n);
  const lost = Number(own.share);
  const lose = n === 1 ? "loses" : "lose";
  const begun =
    `${units} ${lose} ${share(lost)} of the logit difference in a wording never used to ` +
    `choose ${n === 1 ? "it" : "them"} (${spread(own)})`;
  if (lost <= 0 || (control && lost <= Number(control.share))) {
    const than = control
      ? `as many ${CONTROLS[control.condition].plural} lose ${share(control.share)}`
      : "nothing is lost";
    return { verdict: "control", words: `${begun}: no claim, ${than}.` };
  }
  const next = control
    ? `, the strongest control (${CONTROLS[control.condition].name}) ${share(control.share)}`
    : "";
  const { verdict, words } = ofWhat(circuit, lost, other, n === 1);
  return { verdict, words: `${begun}${next}; ${words}` };
};

/**
 * Whether what is lost is the fact's, or only the subject's.
 *
 * @param {Circuit} circuit
 * @param {number} lost
 * @param {CurvePoint | null} other
 * @param {boolean} isOne
 * @returns {Judgement}
 */
const ofWhat = ({ fact, others }, lost, other, isOne) => {
  const { subject } = fact;
  if (!other) {
    const words = `no other fact about ${subject} was measured: whether that is the fact or only ${subject} isn't known.`;
    return { verdict: "open", words };
  }
  const told = others.find(({ fact_id }) => fact_id === other.prompt_fact_id);
  const { of, asked } = wordsOf(told?.relation ?? fact.relation);
  const [same, lose, says] = isOne
    ? ["the same unit", "loses", "it says"]
    : ["the same units", "lose", "they say"];
  const begun = `${same} ${lose} ${share(other.share)} of ${subject}'s ${asked} (${told?.object})`;
  if (Number(other.share) >= AS_MUCH * lost) {
    return { verdict: "subject", words: `${begun}: ${says} mostly which ${of} it is.` };
  }
  return {
    verdict: "fact",
    words: `${begun}, less than half as much: ${says} more than which ${of} it is.`,
  };
};

/**
 * @param {Circuit} circuit
 * @param {Which} which
 * @param {number} n
 * @param {string} units
 */
const keptWords = (circuit, which, n, units) => {
  const kept = pointAt(circuit, conditionOf(which), "kept", circuit.fact.fact_id, n);
  const whole = line(circuit, conditionOf(which), "lost", circuit.fact.fact_id).at(-1);
  const most = whole ? `Lost was measured for up to ${whole.n_units} units. ` : "";
  if (!kept) return `${most}Nothing was measured with ${units}.`;
  return (
    `${most}With all other neurons patched, ${units} keep ${share(kept.share)} of the logit ` +
    `difference (${spread(kept)}).`
  );
};
