import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { readSafetensors, writeSafetensors } from "../../lib/weights/safetensors.ts";
import type { Tensor } from "../../lib/weights/tensor.ts";

const source = "weights.safetensors";

/**
 * A file with this header (objects are converted to JSON), followed by the given number of zero bytes, or by these bytes.
 */
function file(header: unknown, data: number | readonly number[] = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const tail = typeof data === "number" ? new Uint8Array(data) : Uint8Array.from(data);
  const bytes = new Uint8Array(8 + json.length + tail.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(tail, 8 + json.length);
  return bytes;
}

const entry = (begin: number, end: number) => ({
  dtype: "F32",
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
});

const tensorArbitrary: fc.Arbitrary<Tensor> = fc.array(fc.nat(3), { maxLength: 4 }).chain((shape) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return fc.float32Array({ minLength: count, maxLength: count, noNaN: true, noDefaultInfinity: true })
    .map((data) => ({ shape, data }));
});

const namesArbitrary = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "shape"))
  .filter((name) => name !== "__metadata__");

Deno.test("readSafetensors() reads back what writeSafetensors() wrote", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.tuple(namesArbitrary, tensorArbitrary), { selector: ([name]) => name }),
    fc.dictionary(fc.string(), fc.string()),
    (tensors, metadata) => {
      const bytes = writeSafetensors(tensors, { metadata });
      const read = readSafetensors(bytes, { source });
      assertEquals(read.tensors, new Map(tensors));
      assertEquals(Object.entries(read.metadata).sort(), Object.entries(metadata).sort());
      assertEquals(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
    },
  ));
});

Deno.test("writeSafetensors() stores float16 after float32", () => {
  const values = Float32Array.of(1, -0.5, 65504, 1 / 3);
  const bytes = writeSafetensors([["half", { shape: [4], data: values }], ["full", { shape: [2, 2], data: values }]], {
    metadata: {},
    dtype: (name) => name === "half" ? "F16" : "F32",
  });
  const { tensors } = readSafetensors(bytes, { source });
  assertEquals(tensors.get("half"), { shape: [4], data: values.map((value) => Math.f16round(value)) });
  assertEquals(tensors.get("full"), { shape: [2, 2], data: values });
  assertEquals([...tensors.keys()], ["full", "half"]);
});

Deno.test("readSafetensors() converts bfloat16 and float64 to float32, and leaves out PyTorch's counters", () => {
  const header = {
    a: { dtype: "BF16", shape: [2], data_offsets: [0, 4] },
    count: { dtype: "I64", shape: [], data_offsets: [4, 12] },
    b: { dtype: "F64", shape: [1], data_offsets: [12, 20] },
  };
  const data = [0x80, 0x3f, 0xa0, 0xc0, ...Array(8).fill(9), 0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
  assertEquals(
    readSafetensors(file(header, data), { source }).tensors,
    new Map([
      ["a", { shape: [2], data: Float32Array.of(1, -5) }],
      ["b", { shape: [1], data: Float32Array.of(1.5) }],
    ]),
  );
});

Deno.test("readSafetensors() accepts a tensor named __proto__", () => {
  const tensor = { shape: [1], data: Float32Array.of(3) };
  const { tensors } = readSafetensors(writeSafetensors([["__proto__", tensor]], { metadata: {} }), { source });
  assertEquals(tensors.get("__proto__"), tensor);
  assertEquals(Object.hasOwn(Object.prototype, "data"), false);
});

const huge = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b, 0x7d);
const past = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d);
const notUtf8 = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe);
const a = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

const broken: Record<string, [bytes: Uint8Array, message: string]> = {
  "an empty file": [new Uint8Array(), "this has 0 in all"],
  "a header past any sense": [huge, "more than the 16777216 allowed"],
  "a header past the end": [past, "9 bytes long, but only 2 follow"],
  "a header that is not UTF-8": [notUtf8, "not UTF-8"],
  "a header that is not JSON": [file("{"), "not JSON"],
  "a header that is a list": [file([]), "not a JSON object"],
  "a header that is null": [file("null"), "not a JSON object"],
  "a deeply nested header": [file("[".repeat(100_000) + "]".repeat(100_000)), "not a JSON object"],
  "a field given twice": [
    file('{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "sha\\u0070e" : [2]}}'),
    'its "a" has "shape" twice',
  ],
  "a note given twice": [file('{"__metadata__": {"x": "x", "y": "x", "x": "z"}}'), 'its "__metadata__" has "x" twice'],
  "a name given twice": [file('{"a": {"a": 1}, "b\\"": 1, "\\u0061": 2}'), '"a" twice'],
  "metadata that are not an object": [file({ __metadata__: [] }), "__metadata__ is not an object of strings"],
  "metadata with a number": [file({ __metadata__: { a: 1 } }), "__metadata__ is not an object of strings"],
  "an entry that is a string": [file({ a: "x" }), 'tensor "a" is described by "x"'],
  "no dtype": [file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), "dtype undefined"],
  "an unknown dtype": [file({ a: { ...a, dtype: "U9" } }, 4), 'dtype "U9"'],
  "a dtype that is a list": [file({ a: { ...a, dtype: [[]] } }, 4), "dtype a list"],
  "eight-bit floats": [file({ a: { dtype: "F8_E5M2", shape: [1], data_offsets: [0, 1] } }, 1), "is of type F8_E5M2"],
  "an extra field": [file({ a: { ...a, order: "C" } }, 4), 'unknown field "order"'],
  "no shape": [file({ a: { dtype: "F32", data_offsets: [0, 4] } }, 4), "a shape that is not"],
  "a negative shape": [file({ a: { ...a, shape: [-1] } }, 4), "a shape that is not"],
  "a fractional shape": [file({ a: { ...a, shape: [0.5] } }, 4), "a shape that is not"],
  "a shape past 2⁵³": [file({ a: { ...a, shape: [2 ** 30, 2 ** 30] } }, 4), "impossible shape"],
  "a shape of too many dimensions": [file({ a: { ...a, shape: Array(9).fill(1) } }, 4), "at most 8"],
  "no offsets": [file({ a: { dtype: "F32", shape: [1] } }, 4), "data_offsets"],
  "three offsets": [file({ a: { ...a, data_offsets: [0, 4, 8] } }, 4), "data_offsets"],
  "offsets backwards": [file({ a: { ...a, data_offsets: [4, 0] } }, 4), "data_offsets"],
  "offsets past the end": [file({ a: entry(0, 4), b: entry(4, 12) }, 8), "it may be truncated"],
  "a range too short for its shape": [
    file({ a: { ...a, shape: [2] } }, 4),
    "has 4 bytes, but its shape [2] of F32 takes 8",
  ],
  "overlapping ranges": [file({ a: entry(0, 8), b: entry(4, 12) }, 12), 'tensor "b" overlaps'],
  "equal ranges": [file({ a: entry(0, 8), b: entry(0, 8) }, 8), 'tensor "b" overlaps'],
  "a hole": [file({ a: entry(0, 4), b: entry(8, 12) }, 12), '4 bytes before tensor "b" belong to no tensor'],
  "trailing bytes": [file({ a: entry(0, 4) }, 7), "3 bytes after the last tensor"],
  "a NaN": [file({ a: entry(0, 8) }, [0, 0, 0, 0, 0, 0, 0xc0, 0x7f]), 'tensor "a" contains NaN at index 1'],
  "an infinity": [
    file({ a: { dtype: "F16", shape: [1], data_offsets: [0, 2] } }, [0, 0xfc]),
    "contains -Infinity at index 0",
  ],
};

for (const [what, [bytes, message]] of Object.entries(broken)) {
  Deno.test(`readSafetensors() refuses ${what}`, () => {
    const error = assertThrows(() => readSafetensors(bytes, { source }), RanetError);
    assertStringIncludes(error.message, `Cannot read ${source}: `);
    assertStringIncludes(error.message, message);
  });
}

Deno.test("writeSafetensors() refuses tensors that could not be read back", () => {
  const refused: [[string, Tensor][], string][] = [
    [[["a", { shape: [2], data: Float32Array.of(0, NaN) }]], 'tensor "a": its value NaN at index 1'],
    [[["a", { shape: [1], data: Float32Array.of(70000) }]], "its value 70000 at index 0 is not a finite F16"],
    [[["a", { shape: [2], data: Float32Array.of(1) }]], "shape [2] and 1 values"],
    [[["__metadata__", { shape: [0], data: new Float32Array() }]], "reserved or duplicated"],
    [[["a", { shape: [0], data: new Float32Array() }], ["a", { shape: [0], data: new Float32Array() }]], "duplicated"],
  ];
  for (const [tensors, message] of refused) {
    assertThrows(() => writeSafetensors(tensors, { metadata: {}, dtype: () => "F16" }), RanetError, message);
  }
});
