// @ts-check
// Which atlases are the steps of a training. What step a name says, the server tells (`step_of`).

/** @typedef {Pick<import("./types.d.ts").Atlas, "model" | "step">} Stepped */

/** @param {string | null} model */
export const baseOf = model => (model ?? "").split("@")[0];

/**
 * The atlases of a model's steps, first step first.
 *
 * @param {string | null} model
 * @param {Stepped[]} atlases
 * @returns {import("./types.d.ts").Step[]}
 */
export const stepsOf = (model, atlases) =>
  atlases
    .filter(atlas => baseOf(atlas.model) === baseOf(model))
    .flatMap(({ step, model: of }) => (step === null ? [] : [{ step, model: of }]))
    .sort((a, b) => a.step - b.step);

/**
 * The model of a page whose address names none: the last step of the first training, if there is one.
 *
 * @param {Stepped[]} atlases one at least
 */
export const firstModel = atlases => {
  const trained = atlases.find(({ model }) => stepsOf(model, atlases).length > 1);
  return (trained && stepsOf(trained.model, atlases).at(-1)?.model) ?? atlases[0].model;
};
