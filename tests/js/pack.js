// @ts-check
// Arrays as the server packs them.

const ARRAYS = {
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  i2: Int16Array,
  f4: Float32Array,
};

/**
 * @template {keyof typeof ARRAYS} Kind
 * @param {Kind} dtype
 * @param {number[]} values
 */
export const packed = (dtype, values) => ({
  dtype,
  data: Buffer.from(ARRAYS[dtype].from(values).buffer).toString("base64"),
});
