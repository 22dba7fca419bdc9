// @ts-check
// Where a prompt opens: at the token before a whole word. The last token may be half a word, and
// what follows the last one isn't known.

const BEGINS = /^\s+["'“‘«([]?[\p{L}\p{N}]/u;
const NAME = /^\s+["'“‘«([]?[\p{Lu}\p{N}]/u;
const ENDS = /[.!?:\n]\s*$/;
const GOES_ON = /^[\p{L}\p{N}\p{M}'’-]/u;

/**
 * The positions whose next token begins a word that is whole: what follows it belongs to it no more.
 *
 * @param {string[]} tokens
 * @param {boolean} isCut whether the text went on, so that its last word may be half of one
 */
export const wordStarts = (tokens, isCut) => {
  const found = [];
  for (let next = 1; next < tokens.length; next++) {
    if (!BEGINS.test(tokens[next])) continue;
    let end = next + 1;
    while (end < tokens.length && GOES_ON.test(tokens[end])) end++;
    if (end < tokens.length || !isCut) found.push(next - 1);
  }
  return found;
};

/**
 * Whether a name or a number follows a position: what facts are about. A capital that begins a
 * sentence tells nothing.
 *
 * @param {string[]} tokens
 * @param {number} position
 */
const isName = (tokens, position) =>
  NAME.test(tokens[position + 1]) && !ENDS.test(tokens[position]);

/**
 * The position before the whole word with the highest score, the last of equals: of names and numbers
 * where there are any. In a text without words the position before the last token.
 *
 * @param {string[]} tokens
 * @param {boolean} isCut
 * @param {(position: number) => number} score
 * @param {number[]} sinks positions that don't count
 */
export const openingToken = (tokens, isCut, score, sinks = []) => {
  const all = wordStarts(tokens, isCut);
  const ordinary = all.filter(position => !sinks.includes(position));
  const names = ordinary.filter(position => isName(tokens, position));
  const [starts] = [names, ordinary, all].filter(found => found.length);
  if (!starts) return Math.max(0, tokens.length - 2);
  return starts.reduce((best, position) => (score(position) >= score(best) ? position : best));
};

/**
 * Whether the text went on after the tokens: a live run says so; a prompt of a corpus is cut to a
 * number of tokens, and of none is known whether it ended there.
 *
 * @param {Pick<import("./types.d.ts").PromptAnswer, "prompt" | "tokens">} answer
 */
export const isCut = ({ prompt, tokens }) =>
  prompt.live === undefined || (prompt.n_whole ?? 0) > tokens.length;
