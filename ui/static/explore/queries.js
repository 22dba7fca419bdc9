// @ts-check
// The queries behind the middle pane. What the live model computed is in no table: there a query tells
// how a notebook computes it.

import { lensOfText } from "../page/lens_text.js";
import { modelLiteral } from "../page/sql.js";
import { store } from "../page/store.js";
import { readAgainst, readOrder, readTarget } from "../page/target_text.js";

/** @typedef {import("../page/target_text.js").Target} Target */

/** The prompt on screen as a macro's arguments. */
const prompt = () => `${modelLiteral()}, ${store.state.prompt}`;

/** What is read through the lens that is chosen. */
export const lensQuery = () => {
  const macros = { logit: "lens", linear: "linear_lens", middle: "middle_lens" };
  const macro = macros[lensOfText(store.state.lens)];
  return `FROM ${macro}(${prompt()})\nORDER BY position, layer, rank`;
};

export const cellsQuery = () => {
  const order = readOrder(store.state.order);
  if (order === "unusual") return `FROM unusual(${prompt()})`;
  const stored = `FROM heatmap(${prompt()})\nORDER BY position, layer, abs(activation) DESC`;
  return store.target.data ? `${computedNote()}\n${stored}` : stored;
};

/** Comments that say how contributions are computed. */
const computedNote = () => {
  const { model, prompt: id, target, against } = store.state;
  return notebookCall({
    model,
    prompt: id,
    target: readTarget(target) ?? { kind: "next" },
    against: readAgainst(against) ?? null,
  });
};

/**
 * The call that computes contributions in a notebook, as comments of a query. What JSON writes is
 * Python too, but for null; and it has no line breaks, so that nothing leaves its comment.
 *
 * @param {{ model: string | null, prompt: number | null, target: Target, against: Target | null }} asked
 */
export const notebookCall = ({ model, prompt: id, target, against }) => {
  const python = (/** @type {Target} */ of) => JSON.stringify(of.kind === "token" ? of.token : of);
  const other = against ? `, against=${python(against)}` : "";
  const call = `lake.contributions(${JSON.stringify(model)}, ${id}, ${python(target)}${other})`;
  return [
    "-- Contributions are computed by the model, in float32, and are in no table. In a notebook:",
    "--   import kn_assets",
    "--   lake = kn_assets.open()",
    `--   ${call}.neurons  # [tokens, layers, neurons]`,
    "-- What is stored of the same neurons:",
  ].join("\n");
};
