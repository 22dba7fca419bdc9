// @ts-check
// Which atlases are the steps of a training, by their names.

const STEP = /@(?:global_?)?(?:step|checkpoint|ckpt|iter)[-_]?(\d+)(?:-tokens\w*)?$/i;

/** @param {string | null} model */
export const baseOf = model => (model ?? "").split("@")[0];

/**
 * The atlases of a model's steps, first step first.
 *
 * @param {string | null} model
 * @param {{ model: string }[]} atlases
 * @returns {import("./types.d.ts").Step[]}
 */
export const stepsOf = (model, atlases) =>
  atlases
    .filter(atlas => baseOf(atlas.model) === baseOf(model))
    .map(atlas => ({ step: Number(atlas.model.match(STEP)?.[1] ?? NaN), model: atlas.model }))
    .filter(({ step }) => !Number.isNaN(step))
    .sort((a, b) => a.step - b.step);

/**
 * The model of a page whose address names none: the last step of the first training, if there is one.
 *
 * @param {{ model: string }[]} atlases one at least
 */
export const firstModel = atlases => {
  const trained = atlases.find(({ model }) => stepsOf(model, atlases).length > 1);
  return (trained && stepsOf(trained.model, atlases).at(-1)?.model) ?? atlases[0].model;
};
