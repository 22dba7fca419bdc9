// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { isCut, openingToken, wordStarts } from "../../ui/static/page/opening.js";

const CITY = ["Tou", "louse", " is", " part", " of", " Fran", "ce", ".", " The", " curr"];

test("positions before whole words: what is cut or no word doesn't count", () => {
  assert.deepEqual(wordStarts(CITY, true), [1, 2, 3, 4, 7]);
  assert.deepEqual(wordStarts(CITY, false), [1, 2, 3, 4, 7, 8]);
});

test("a last word is whole where a sign follows it", () => {
  assert.deepEqual(wordStarts(["In", " France", "."], true), [0]);
  assert.deepEqual(wordStarts(["In", " France"], true), []);
  assert.deepEqual(wordStarts(["In", " France"], false), [0]);
  assert.deepEqual(wordStarts(["In", " Fran", "ç", "ais"], true), []);
  assert.deepEqual(wordStarts(["Le", " mot", "’s"], true), []);
});

test("spaces, signs and lines begin no word; a quoted word does", () => {
  assert.deepEqual(wordStarts(["a", " ", ",", "\n", " -", ' "b', '"', " 7", "."], true), [4, 6]);
});

test("it opens before the word with the highest score, the last of equals", () => {
  const lower = CITY.map(token => token.toLowerCase());
  const score = (/** @type {number} */ i) => [0, 3, 9, 5, 9, 99, 99, 1, 99][i];
  assert.equal(openingToken(lower, true, score), 4);
  assert.equal(
    openingToken(lower, true, () => 0),
    7,
  );
  assert.equal(openingToken(lower, true, score, [4]), 2);
  assert.equal(
    openingToken(lower, true, i => -i),
    1,
  );
});

test("names and numbers come before other words; a capital after a full stop is no name", () => {
  const text = ["T", "oulouse", " is", " in", " France", ".", " The", " year", " 1229", "."];
  const score = (/** @type {number} */ i) => [9, 9, 9, 2, 9, 9, 9, 1, 9, 9][i];
  assert.equal(openingToken(text, true, score), 3);
  assert.equal(openingToken(text, true, score, [3]), 7);
  assert.equal(openingToken(text, true, score, [3, 7]), 6);
});

test("without words it opens before the last token, and there always is a token", () => {
  assert.equal(
    openingToken(["東", "京", "は"], true, () => 0),
    1,
  );
  assert.equal(
    openingToken(["a"], true, () => 0),
    0,
  );
  assert.equal(
    openingToken(["In", " France", "."], true, () => 0, [0]),
    0,
  );
});

test("a prompt of a corpus may be cut, a text of one's own says so", () => {
  const prompt = { prompt_id: 1, name: null, country: null, is_capital: null, population: null };
  const tokens = ["a", "b"];
  assert.equal(isCut({ prompt, tokens }), true);
  assert.equal(isCut({ prompt: { ...prompt, live: 7, n_whole: 2 }, tokens }), false);
  assert.equal(isCut({ prompt: { ...prompt, live: 7, n_whole: 3 }, tokens }), true);
});
