// @ts-check
// Which atlases are steps of one model's training, by their names, such as geo-gpt2@step512.

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
 * The atlas that a page without a model in its address opens on: the first one, of a training the
 * last step.
 *
 * @param {{ model: string }[]} atlases at least one
 */
export const openingModel = atlases =>
  stepsOf(atlases[0].model, atlases).at(-1)?.model ?? atlases[0].model;
