// @ts-check
// The conditions of interventions in words.

/** @type {Record<string, { name: string, short: string, meaning: string }>} */
export const CONTROLS = {
  random: {
    name: "random control",
    short: "random",
    meaning: "as many neurons of the same layers, drawn at random",
  },
  activation_matched: {
    name: "activation-matched control",
    short: "activation-matched",
    meaning: "for each neuron, the one of its layer with the nearest activation",
  },
  other_fact: {
    name: "other-fact control",
    short: "other facts",
    meaning: "the same neurons, measured on other facts of the relation",
  },
  same_subject: {
    name: "same-subject control",
    short: "same subject",
    meaning: "the same neurons, measured on other facts about the same subject",
  },
};

/** The neurons whose effect is judged. @type {Record<string, string>} */
export const OWN = {
  knowledge_neurons: "knowledge neurons",
  circuit: "circuit's neurons",
  final_checkpoint: "final-checkpoint neurons",
};
