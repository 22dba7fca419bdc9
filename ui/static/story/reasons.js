// @ts-check
// Why a fact has no numbers, as it is: not asked, asked and not known, known and not attributed, or
// attributed without neurons; and what would make them.

import { integer } from "../page/format.js";

/** @typedef {import("./types.d.ts").Story} Story */
/** @typedef {{ kind: "asked" | "known" | "attributed" | "shared", words: string, command: string }} Reason */

/**
 * @param {Story} story
 * @returns {Reason | null} null where the fact has neurons at some step
 */
export const reason = ({ prompts, milestones, neurons, attributed, command }) => {
  if (neurons.length) return null;
  if (!prompts.length || !milestones) {
    return {
      kind: "asked",
      words: "The model was not asked this fact at any step.",
      command: `${command} --facts 100`,
    };
  }
  if (attributed.length) {
    return {
      kind: "shared",
      words:
        "It was attributed, but no neuron carries enough of the answer in enough of its prompts.",
      command: "",
    };
  }
  const last = integer(milestones.last_asked);
  if (!milestones.known_at_end) {
    return {
      kind: "known",
      words:
        `The model was asked and does not know it at step ${last}: there is no right answer to ` +
        "attribute.",
      command: "",
    };
  }
  return {
    kind: "attributed",
    words:
      `The model knows it at step ${last}, but it was not attributed: the first known facts of ` +
      "each relation are.",
    command: `${command} --known 100`,
  };
};
