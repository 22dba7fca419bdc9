// @ts-check
// The queries behind a circuit: a fact's, or what the lake keeps of a sentence of one's own.

import { modelLiteral } from "../page/sql.js";
import { store } from "../page/store.js";

/** @type {Record<string, [string, string]>} by the macro that has it of a fact: table, rest */
const OWN = {
  fact_unit_attributions: ["asked_units", "ORDER BY abs(coalesce(effect, estimate)) DESC"],
  fact_circuit: ["asked_units", "AND rank IS NOT NULL ORDER BY rank"],
  fact_circuit_curves: ["asked_curves", "ORDER BY measure DESC, condition, n_units"],
};

/**
 * @param {import("./types.d.ts").Circuit | null} circuit on screen
 * @param {string} macro
 * @param {string} more arguments
 */
export const queryOf = (circuit, macro, more = "") => {
  if (!circuit?.own) return `FROM ${macro}(${modelLiteral()}, ${store.state.fact || 0}${more})`;
  const [table, rest] = OWN[macro];
  return `FROM ${table}\nWHERE model = ${modelLiteral()} AND fact_id = ${circuit.own.fact_id} ${rest}`;
};
