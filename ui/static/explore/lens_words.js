// @ts-check
// What the column of the lens shows of a layer: how far up the target is, and the likeliest token
// where that says something.

const DECADES = 5; // ranks from 1 to 100,000
const LEAST = 0.1; // of the likeliest token's probability

/**
 * How much of its bar a rank fills: all at rank 1, a fifth less for each ten times the rank.
 *
 * @param {number} rank from 1; 0: none
 */
export const rankShare = rank => (rank > 0 ? Math.max(0.02, 1 - Math.log10(rank) / DECADES) : 0);

/**
 * Whether the likeliest token says something: it has a letter or a digit, and a probability of at
 * least 0.1.
 *
 * @param {import("../page/prompt.js").Likely | undefined} top
 */
export const saysSomething = top =>
  top !== undefined && top.probability >= LEAST && /[\p{L}\p{N}]/u.test(top.token);

/**
 * The target's rank after a layer; null where it isn't known, 0 where there is no target. Of what
 * really follows every lens tells it; of another target the logit lens alone, with contributions.
 *
 * @param {{ lens: import("../page/lens_text.js").Lens, read: ((position: number, layer: number) => import("../page/prompt.js").Read) | null }} chosen
 * @param {import("../page/contributions.js").Contributions | null} data
 * @param {boolean} isNext whether the target is what really follows
 * @param {number} position
 * @param {number} layer
 */
export const rankAfter = ({ lens, read }, data, isNext, position, layer) => {
  if (lens === "logit" && data) return data.lensRank?.(position, layer) ?? null;
  return isNext && read ? read(position, layer).nextRank : null;
};
