// @ts-check
// The queries behind the middle pane. What the live model computed is in no table: there a query tells
// how a notebook computes it.

import { modelLiteral } from "../page/sql.js";
import { store } from "../page/store.js";
import { readOrder } from "../page/target_text.js";

/** The prompt on screen as a macro's arguments. */
const prompt = () => `${modelLiteral()}, ${store.state.prompt}`;

export const lensQuery = () => `FROM lens(${prompt()})\nORDER BY position, layer, rank`;

export const cellsQuery = () => {
  const order = readOrder(store.state.order);
  if (order === "unusual") return `FROM unusual(${prompt()})`;
  const stored = `FROM heatmap(${prompt()})\nORDER BY position, layer, abs(activation) DESC`;
  return store.target.data ? `${computedNote()}\n${stored}` : stored;
};

/** Comments that say how contributions are computed. */
const computedNote = () => "-- TODO";
