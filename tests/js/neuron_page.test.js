// @ts-check
// A neuron's page: its words, and where the histogram's bars are drawn.
import assert from "node:assert/strict";
import test from "node:test";

const page = { href: "http://localhost/", search: "" };
Object.assign(globalThis, { location: page, ResizeObserver: class {} });

const words = await import("../../ui/static/neuron_page/words.js");
const { layout } = await import("../../ui/static/neuron_page/histogram.js");

/** @typedef {import("../../ui/static/neuron_page/types.d.ts").Bar} Bar */

/** @type {Bar[]} */
const BARS = [
  { sign: -1, lower: -2, upper: -1, n: 5 },
  { sign: 0, lower: -1, upper: 1, n: 900 },
  { sign: 1, lower: 1, upper: 2, n: 40 },
  { sign: 1, lower: 2, upper: 3, n: 10 },
];

test("bars lie side by side on the scale of activations", () => {
  const { drawn, x, most } = layout(BARS, 500, 100);
  assert.equal(most, 40);
  assert.deepEqual(
    drawn.map(bar => [bar.x, bar.width]),
    [
      [0, 125],
      [125, 125],
      [250, 125],
      [375, 125],
    ],
  );
  assert.deepEqual([-2, -1, 0, 1, 1.5, 3].map(x), [0, 125, 187.5, 250, 312.5, 500]);
});

test("between the thresholds the scale is the same where there is room", () => {
  /** @type {Bar[]} */
  const bars = [
    { sign: 0, lower: -1, upper: 1, n: 90 },
    { sign: 1, lower: 1, upper: 9, n: 4 },
  ];
  const { drawn, isNarrow } = layout(bars, 500, 100);
  assert.equal(isNarrow, false);
  assert.deepEqual(
    drawn.map(bar => [bar.x, bar.width]),
    [
      [0, 100],
      [100, 400],
    ],
  );
});

test("fired bars are as tall as their counts; the bar of all others is cut and says so", () => {
  const { drawn } = layout(BARS, 500, 100);
  assert.deepEqual(
    drawn.map(({ height, isCut }) => [height, isCut]),
    [
      [12.5, false],
      [100, true],
      [100, false],
      [25, false],
    ],
  );
});

test("a neuron that never fired has its one bar whole", () => {
  const { drawn, most } = layout([{ sign: 0, lower: -1, upper: 1, n: 7 }], 500, 100);
  assert.equal(most, 7);
  assert.deepEqual(drawn[0], {
    bar: { sign: 0, lower: -1, upper: 1, n: 7 },
    x: 0,
    width: 500,
    height: 100,
    isCut: false,
  });
});

test("a histogram is told in a sentence", () => {
  assert.equal(
    words.histogramWords(BARS),
    "Activations over the corpus, from -2 to 3: 50 tokens fire positively, 5 negatively, 900 are " +
      "below the threshold.",
  );
});

test("a rule's terms are tokens with their spaces seen, or names", () => {
  assert.deepEqual(words.ruleParts({ kind: "token", terms: [" France", "\n"] }), {
    begins: "fires at",
    terms: ["␣France", "↵"],
  });
  assert.deepEqual(words.ruleParts({ kind: "capital", terms: ["no capital"] }), {
    begins: "fires in prompts about",
    terms: ["other cities than capitals"],
  });
  assert.equal(words.ruleParts({ kind: "before", terms: [] }).begins, "fires right before");
});

test("every kind of rule that is made has a beginning", async () => {
  const { readFileSync } = await import("node:fs");
  const read = (/** @type {string} */ file) =>
    readFileSync(new URL(`../../kn_assets/${file}`, import.meta.url), "utf8");
  const made = read("knowledge/descriptions/features.py") + read("knowledge/concept_values.py");
  const kinds = [...made.matchAll(/Feature\("(\w+)"|^ {8}\("(\w+)", /gm)].map(m => m[1] ?? m[2]);
  for (const kind of [...kinds, "2-gram", "3-gram", "before"]) {
    assert.ok(words.ruleParts({ kind, terms: [] }).begins, kind);
  }
  assert.ok(kinds.includes("token") && kinds.includes("country"));
});

test("why there is no rule is told by what there was to check", () => {
  assert.equal(words.noRuleWords(0, 0), "It never fired so.");
  assert.match(words.noRuleWords(1, 0), /fired at 1 token, none of them in a held-out prompt/);
  assert.match(words.noRuleWords(9, 4), /no rule beats its base rate/);
});

test("shares have their intervals, and lift too", () => {
  assert.equal(words.withInterval(0.5, 0.25, 0.75), "50.0 % (25.0 % to 75.0 %)");
  assert.equal(words.withInterval(null, null, null), "–");
  const lift = { n_both: 1, n_fired: 2, n: 3, share: 0.5, corpus_share: 0.25 };
  assert.equal(
    words.liftWords({ ...lift, lift: 2, lift_low: 1.5, lift_high: 2.5 }),
    "2 (1.5 to 2.5)",
  );
});

test("where the value at the token on screen lies is told", () => {
  assert.equal(words.hereWords(1.234, 0.5), "activation 1.23");
  assert.equal(words.hereWords(null, 0.5), "below the threshold of 0.5");
  assert.equal(words.hereWords(null, null), "");
  assert.match(
    words.hereWords(90, 0.5, { isSink: true, isBeyond: true }),
    /90, at an attention sink/,
  );
  assert.match(words.hereWords(9, 0.5, { isBeyond: true }), /9, larger than any of the corpus/);
});
