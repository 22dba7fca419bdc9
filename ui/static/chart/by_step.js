// @ts-check
// Rows of a training as lists by step.

import { stepNumbers } from "../page/steps.js";

/**
 * A value for each step on screen, null where no row is of it.
 *
 * @template {{ step: number }} Row
 * @template Value
 * @param {Row[]} rows
 * @param {(row: Row) => Value | null} get
 * @returns {(Value | null)[]}
 */
export const byStep = (rows, get) => {
  const values = new Map(rows.map(row => [row.step, get(row)]));
  return stepNumbers().map(step => values.get(step) ?? null);
};
