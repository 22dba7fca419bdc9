// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { matrix } from "../../ui/static/story/matrix.js";
import { labelRows, learnedWords, marks } from "../../ui/static/story/milestones.js";
import { reason } from "../../ui/static/story/reasons.js";
import { sentences, withoutEffect } from "../../ui/static/story/sentences.js";

const NEVER = {
  first_asked: 0,
  last_asked: 1400,
  known_at_end: false,
  first_right: null,
  before_right: null,
  right_then: null,
  n_trained: 5,
  first_held_out: null,
  before_held_out: null,
  right_held_out_then: null,
  n_held_out: 2,
  stable: null,
  before_stable: null,
  forgotten: null,
  before_forgotten: null,
};
const LEARNED = {
  ...NEVER,
  known_at_end: true,
  first_right: 834,
  before_right: 497,
  right_then: 3,
  first_held_out: 1400,
  before_held_out: 834,
  right_held_out_then: 1,
  stable: 834,
  before_stable: 497,
};
const FORGOTTEN = {
  ...NEVER,
  first_right: 63,
  before_right: 22,
  right_then: 4,
  forgotten: 834,
  before_forgotten: 497,
};
const STORY = {
  fact: { fact_id: 2, subject: "Kabul", object: "Afghanistan", relation: "city-country" },
  prompts: [],
  milestones: null,
  neurons: [],
  effects: [],
  verdicts: [],
  near: [],
  sharing: [],
  attributed: [],
  on_demand: [],
  command: "kn knowledge --corpus c --model m --steps-of all",
};
const PROMPT = {
  ...{ prompt: 0, text: "Kabul is in", trained: true, step: 1400 },
  ...{ probability: 0.9, rank: 1, greedy: true, saturation_layer: 3 },
};
const NEURON = { place: 1, layer: 3, neuron: 7, step: 1400, score: 0.2, is_knowledge_neuron: true };

const text = (/** @type {import("../../ui/static/story/sentences.js").Sentence[]} */ all) =>
  all.map(parts => parts.map(p => (typeof p === "string" ? p : p.words)).join(""));

test("a fact is learned between two checkpoints, and other ends are told as they are", () => {
  assert.equal(learnedWords(LEARNED), "learned between 497 and 834");
  const first = { ...LEARNED, first_right: 0, stable: 0, before_stable: null };
  assert.equal(learnedWords(first), "known from step 0 on, the first asked");
  assert.equal(learnedWords(FORGOTTEN), "forgotten between 497 and 834");
  assert.equal(learnedWords(NEVER), "not learned by step 1,400");
  assert.equal(learnedWords(null), null);
});

test("milestones of one step share a mark", () => {
  assert.deepEqual(marks({ ...LEARNED, first_held_out: 834 }), [
    { step: 834, words: "right from here on, held-out right" },
  ]);
  assert.deepEqual(marks(FORGOTTEN), [
    { step: 63, words: "first right" },
    { step: 834, words: "forgotten" },
  ]);
  assert.deepEqual(marks({ ...LEARNED, first_right: 63 })[0], { step: 63, words: "first right" });
  assert.deepEqual(marks(NEVER), []);
});

test("of the last checkpoint nobody says that it stays", () => {
  const late = { ...LEARNED, first_right: 1400, stable: 1400, first_held_out: null };
  assert.deepEqual(marks(late), [{ step: 1400, words: "right at the end" }]);
  const told = text(sentences({ ...STORY, prompts: [PROMPT], milestones: late }));
  assert.equal(told[2], "1,400 is the last checkpoint, so whether it stays is not known.");
});

test("labels of milestones cover none another and stay within", () => {
  const words = "right from here on 834";
  const rows = labelRows(
    [0.9, 0.92, 1].map(at => ({ at, words })),
    300,
  );
  assert.deepEqual(
    rows.map(({ row }) => row),
    [0, 1, 2],
  );
  for (const { left } of rows) assert.ok(left >= 0 && left + 6.2 * words.length <= 300);
  assert.deepEqual(
    labelRows(
      [0, 1].map(at => ({ at, words })),
      600,
    ).map(({ row }) => row),
    [0, 0],
  );
});

test("a fact without numbers says which of four reasons it has", () => {
  const kind = (/** @type {object} */ change) => reason({ ...STORY, ...change })?.kind ?? null;
  assert.equal(kind({}), "asked");
  const asked = { prompts: [PROMPT] };
  assert.equal(kind({ ...asked, milestones: NEVER }), "known");
  assert.equal(kind({ ...asked, milestones: FORGOTTEN }), "known");
  assert.equal(kind({ ...asked, milestones: LEARNED }), "attributed");
  assert.equal(kind({ ...asked, milestones: LEARNED, attributed: [1400] }), "shared");
  assert.equal(kind({ ...asked, milestones: LEARNED, neurons: [NEURON] }), null);
  assert.match(reason(STORY)?.command ?? "", /--facts/);
  assert.match(reason({ ...STORY, ...asked, milestones: LEARNED })?.command ?? "", /--known/);
});

test("the story is told in order: known, which neurons, causal, what else", () => {
  const effect =
    "Set to 0, its neuron lowers the answer's log-odds by 1.32 (95 %: 0.70 to 1.94, 7 prompts)";
  const verdict = { kind: "suppress", control: null, n_neurons: 1 };
  const told = text(
    sentences({
      ...STORY,
      prompts: [PROMPT],
      milestones: LEARNED,
      neurons: [NEURON],
      verdicts: [
        {
          ...verdict,
          claim: "causal",
          verdict: "supported",
          sentence: `${effect}, more than every control.`,
        },
        {
          ...verdict,
          claim: "specific",
          verdict: "weak",
          sentence: `${effect}; against it: other facts (−1.30).`,
        },
        { ...verdict, kind: "amplify", claim: "causal", verdict: "weak", sentence: "Amplified" },
      ],
      // Those that are named as near may be others: the same subject's come first.
      near: [{ fact_id: 6, relation: "r", subject: "Kabul", object: "Asia", n_shared: 0 }],
      sharing: [
        { fact_id: 5, relation: "r", subject: "Herat", object: "Afghanistan", n_shared: 1 },
      ],
    }),
  );
  assert.deepEqual(told, [
    "The model says it first at step 834, in 3 of 5 trained prompts, and not yet at 497.",
    "In prompts that the training text did not have, it does at 1,400: 1 of 2 held-out prompts.",
    "Since 834 it is right at every checkpoint.",
    "1 neuron carries its attribution at step 1,400, in layer 3.",
    `Do they carry it? ${effect}, more than every control.`,
    "Are they this fact's own? Weak. Against it: other facts (−1.30).",
    "Some of them also serve Herat → Afghanistan.",
  ]);
});

test("what was known and isn't at the end is told as forgotten", () => {
  const told = text(sentences({ ...STORY, prompts: [PROMPT], milestones: FORGOTTEN }));
  assert.equal(told[2], "It is forgotten at 834: right at 497, and not at the end.");
  const never = text(sentences({ ...STORY, prompts: [PROMPT], milestones: NEVER }));
  assert.equal(never.length, 1);
  assert.match(never[0], /At no checkpoint up to step 1,400/);
  assert.equal(withoutEffect("Measured in 1 prompt alone."), "Measured in 1 prompt alone.");
});

test("the matrix has a row per neuron, and tells 0 from not attributed", () => {
  const rows = matrix(
    [
      { ...NEURON, place: 2, step: 8, score: 0 },
      { ...NEURON, place: 1, layer: 0, step: 512, score: 0.5 },
    ],
    [0, 8, 512],
  );
  assert.deepEqual(
    rows.map(row => row.layer),
    [0, 3],
  );
  assert.deepEqual(
    rows.map(row => row.scores),
    [
      [null, null, 0.5],
      [null, 0, null],
    ],
  );
});
