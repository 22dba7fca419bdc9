// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { unpack } from "../../ui/static/page/packed.js";

/** @param {ArrayBufferView} array */
const base64 = array =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

test("every kind of array comes back as it was packed", () => {
  /** @type {[import("../../ui/static/page/packed.js").Kind, import("../../ui/static/page/packed.js").Numbers][]} */
  const arrays = [
    ["u1", Uint8Array.of(0, 7, 255)],
    ["u2", Uint16Array.of(0, 65535)],
    ["u4", Uint32Array.of(1, 0xffffffff)],
    ["i2", Int16Array.of(-32768, 32767)],
    ["i4", Int32Array.of(-1, 2 ** 31 - 1)],
    ["f4", Float32Array.of(-0.5, 1.5, NaN, Infinity)],
  ];
  for (const [dtype, array] of arrays) {
    assert.deepEqual(unpack({ dtype, data: base64(array) }), array, dtype);
  }
});

test("bytes are little-endian", () => {
  assert.deepEqual([...unpack({ dtype: "u2", data: btoa("\x01\x02") })], [0x0201]);
});

test("an empty array is empty", () => {
  assert.equal(unpack({ dtype: "f4", data: "" }).length, 0);
});

test("a size that is no whole number of values is refused", () => {
  assert.throws(() => unpack({ dtype: "u4", data: btoa("abc") }), RangeError);
});
