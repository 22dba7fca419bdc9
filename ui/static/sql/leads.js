// @ts-check
// Where the cells of a result lead. The rule: a column named model, prompt_id, position, layer, neuron
// or fact_id is followed, and one that ends in "_" and such a name (peak_position, top_prompt_id).
// What stands before it joins columns: top_position is a place in top_prompt_id. Where none has the
// same beginning the plain column counts, so that peak_position is a place in prompt_id; and a prompt
// without a position of its own is opened at the only position of its row.

/** @typedef {Partial<import("../page/types.d.ts").State>} Change */
/** @typedef {"model" | "prompt_id" | "position" | "layer" | "neuron" | "fact_id"} Role */

const ROLES = /** @type {const} */ ([
  "model",
  "prompt_id",
  "position",
  "layer",
  "neuron",
  "fact_id",
]);

/**
 * What a column holds, and what its name begins with; null where it leads nowhere.
 *
 * @param {string} column
 * @returns {{ role: Role, prefix: string } | null}
 */
export const roleOf = column => {
  const role = ROLES.find(name => column === name || column.endsWith(`_${name}`));
  return role ? { role, prefix: column.slice(0, column.length - role.length) } : null;
};

/**
 * Where a click on a value leads: a neuron, a token of a prompt, or a fact, of the atlas on screen or
 * of the row's.
 *
 * @param {string} column
 * @param {Record<string, unknown>} row by column
 * @param {string[]} models that have an atlas
 * @returns {Change | null}
 */
export const target = (column, row, models) => {
  const found = roleOf(column);
  if (!found || (row[column] ?? null) === null) return null;
  const { role, prefix } = found;
  /** @param {Role} name */
  const cell = name => row[`${prefix}${name}`] ?? row[name] ?? null;
  /** @param {Role} name */
  const value = name => (isId(cell(name)) ? Number(cell(name)) : null);
  const model = models.find(m => m === cell("model"));
  const ofModel = model ? { model } : {};
  const [layer, neuron, prompt] = [value("layer"), value("neuron"), value("prompt_id")];
  const ofNeuron = layer !== null && neuron !== null ? { layer, neuron } : null;
  const token = role === "position" ? value("position") : (value("position") ?? onlyPosition(row));
  const ofPrompt = prompt === null ? null : { prompt, token };
  const page = /** @type {const} */ ({ tab: "explore" });
  if (role === "fact_id") {
    const fact = value("fact_id");
    const own = { tab: "knowledge", fact: String(fact), sentence: "", answer: "" };
    return fact === null ? null : { ...ofModel, ...own };
  }
  if (role === "model") {
    return model && (ofNeuron || ofPrompt) ? { model, ...ofPrompt, ...ofNeuron, ...page } : null;
  }
  if (role === "layer" || role === "neuron") {
    return ofNeuron && { ...ofModel, ...ofNeuron, ...ofPrompt, ...page };
  }
  return ofPrompt && { ...ofModel, ...ofPrompt, ...ofNeuron, ...page };
};

/** @param {unknown} value */
const isId = value => Number.isInteger(value) && Number(value) >= 0;

/** @param {Record<string, unknown>} row */
const onlyPosition = row => {
  const positions = Object.entries(row).filter(([name]) => roleOf(name)?.role === "position");
  return positions.length === 1 && isId(positions[0][1]) ? Number(positions[0][1]) : null;
};
