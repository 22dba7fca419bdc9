// @ts-check
// Texts that are too long for an address as they are: deflated, in letters that an address takes.

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {ReadableWritablePair<Uint8Array<ArrayBuffer>, BufferSource>} through
 */
const piped = async (bytes, through) =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(through)).arrayBuffer());

/**
 * @param {string} text
 * @returns {Promise<string>} letters, digits, "-" and "_"
 */
export const packText = async text => {
  const bytes = await piped(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  const letters = Array.from(bytes, byte => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

/**
 * The text that was packed; null where these letters are none.
 *
 * @param {string} packed
 * @returns {Promise<string | null>}
 */
export const unpackText = async packed => {
  try {
    const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, letter => letter.charCodeAt(0));
    const whole = await piped(bytes, new DecompressionStream("deflate-raw"));
    return new TextDecoder("utf-8", { fatal: true }).decode(whole);
  } catch {
    return null; // cut, or mistyped: the address says nothing
  }
};
