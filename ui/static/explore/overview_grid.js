// @ts-check
// The map of layers by tokens as numbers: what it shows, and as many columns as there is room for.

/**
 * Values by layer and token, of the largest size of each column where a column holds several tokens.
 *
 * @param {(position: number, layer: number) => number} value
 * @param {number} nTokens
 * @param {number} nLayers
 * @param {number} most columns
 * @returns {{ columns: number, values: Float32Array }} [layers, columns], layer 0 first
 */
export const grid = (value, nTokens, nLayers, most) => {
  const columns = Math.max(1, Math.min(nTokens, Math.floor(most)));
  const values = new Float32Array(columns * nLayers);
  for (let position = 0; position < nTokens; position++) {
    const column = Math.floor((position * columns) / nTokens);
    for (let layer = 0; layer < nLayers; layer++) {
      const at = layer * columns + column;
      const here = value(position, layer);
      if (Math.abs(here) > Math.abs(values[at])) values[at] = here;
    }
  }
  return { columns, values };
};

/**
 * Raw sums, until there are contributions: activations by size in their layer's thresholds.
 *
 * @param {Pick<import("../page/prompt.js").Prompt, "tokens" | "nLayers" | "fired" | "thresholds" | "scale">} prompt
 * @returns {(position: number, layer: number) => number}
 */
export const rawSums = ({ tokens, nLayers, fired, thresholds, scale }) => {
  const sums = new Float32Array(tokens.length * nLayers);
  for (let position = 0; position < tokens.length; position++) {
    for (let layer = 0; layer < nLayers; layer++) {
      const unit = thresholds[layer] || scale(layer);
      let sum = 0;
      for (const { activation } of fired(position, layer)) sum += Math.abs(activation);
      sums[position * nLayers + layer] = sum / unit;
    }
  }
  return (position, layer) => sums[position * nLayers + layer];
};

/**
 * The token and layer at a place of the map, 0 to 1 from its left and from its top.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} nTokens
 * @param {number} nLayers
 */
export const placeAt = (x, y, nTokens, nLayers) => ({
  token: Math.max(0, Math.min(nTokens - 1, Math.floor(x * nTokens))),
  layer: Math.max(0, Math.min(nLayers - 1, nLayers - 1 - Math.floor(y * nLayers))),
});
