// @ts-check
// What a neuron reads at a token: its pre-activation by source token and head. Pure parts.

/**
 * One input of the neuron: value = own + the sum of sources + biases.
 *
 * @typedef {object} Part
 * @property {"gate" | "up" | "input"} name
 * @property {number} value the pre-activation
 * @property {number} own of the token's own stream, before this layer's attention
 * @property {number} biases
 * @property {number[]} sources by source token, summed over heads
 * @property {number[][]} heads by head and source token
 */
/** @typedef {{ layer: number, head: number, position: number, contribution: number }} Later head */
/** @typedef {{ parts: Part[], activation: number, parallel: boolean, later: Later[] }} ReadsAnswer */
/** @typedef {{ head: number, source: number, value: number }} Way from a source token through a head */

/**
 * The ways through single heads that carry most, by size.
 *
 * @param {Part} part
 * @param {number} most
 * @returns {Way[]}
 */
export const largestWays = ({ heads }, most) =>
  heads
    .flatMap((values, head) => values.map((value, source) => ({ head, source, value })))
    .filter(({ value }) => value)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, most);

/**
 * A head for each row: all it carries, and the source it carries most from.
 *
 * @param {Part} part
 * @returns {(Way & { sum: number })[]} the largest sum first
 */
export const headSums = ({ heads }) =>
  heads
    .map((values, head) => {
      const source = values.reduce(
        (best, value, i) => (Math.abs(value) > Math.abs(values[best]) ? i : best),
        0,
      );
      const sum = values.reduce((a, b) => a + b, 0);
      return { head, source, value: values[source] ?? 0, sum };
    })
    .sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));

/** @param {number[]} values */
export const total = values => values.reduce((a, b) => a + b, 0);
