// @ts-check
// Arrays as the server packs them.

/** @typedef {"u1" | "u2" | "u4" | "i2" | "i4" | "f4"} Kind as NumPy names them */
/** @typedef {{ dtype: Kind, data: string }} Packed base64 of little-endian bytes */
/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int16Array | Int32Array | Float32Array} Numbers */

const ARRAYS = {
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  i2: Int16Array,
  i4: Int32Array,
  f4: Float32Array,
};

/**
 * @param {Packed} packed
 * @returns {Numbers}
 */
export const unpack = packed => {
  return new ARRAYS[packed.dtype](decoded(packed.data).buffer);
};

/**
 * By the browser's own decoder where it has one: prompts are some 100 kB.
 *
 * @param {string} data base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
const decoded = data => {
  const own = /** @type {{ fromBase64?: (data: string) => Uint8Array<ArrayBuffer> }} */ (
    /** @type {unknown} */ (Uint8Array)
  );
  if (own.fromBase64) return own.fromBase64(data);
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};
