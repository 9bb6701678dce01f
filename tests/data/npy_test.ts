import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readNpy } from "../../lib/data/npy.ts";
import { RanetError } from "../../lib/errors.ts";

/** Writes a .npy file like NumPy. */
function npy(header: string, data: ArrayBufferView<ArrayBuffer> | Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header.padEnd(117) + "\n");
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...length, ...text, ...raw);
}
const header = (descr: string, shape: string): string =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
const read = (bytes: Uint8Array) => readNpy(bytes, { source: "x.npy" });

Deno.test("readNpy() reads float16, float32 and float64 in any shape", () => {
  const values = [1, -2.5, 0, 0.125, 3, 65504];
  for (const [descr, data] of [["<f2", Float16Array], ["<f4", Float32Array], ["<f8", Float64Array]] as const) {
    const tensor = read(npy(header(descr, "(1, 2, 3)"), data.from(values)));
    assertEquals(tensor, { shape: [1, 2, 3], data: Float32Array.from(values) });
  }
  assertEquals(read(npy(header("<f4", "()"), Float32Array.of(7))).shape, []);
  assertEquals(read(npy(header("<f4", "(2,)"), Float32Array.of(7, 8), 2)).shape, [2]);
  assertEquals(read(npy(header("<f4", "(0, 3)"), new Float32Array())).data.length, 0);
});

Deno.test("readNpy() refuses unsupported files with the reason", () => {
  const one = Float32Array.of(1);
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), "it is not a .npy file"],
    [new TextEncoder().encode("NUMPY, but not quite"), "it is not a .npy file"],
    [npy(header("<f4", "(1,)"), one).slice(0, 40), "it ends inside its header"],
    [npy("{'descr': '<f4'}", one), "its header lacks descr, fortran_order or shape"],
    [npy(header("<f4", "(-1,)"), one), "its header lacks"],
    [npy(header("|O", "(1,)"), one), 'its type is "|O", expected "<f4"'],
    [npy(header(">f4", "(1,)"), one), 'its type is ">f4"'],
    [npy(header("constructor", "(1,)"), one), 'its type is "constructor"'],
    [npy(header("<f4", "(1,)").replace("False", "True"), one), "it is in Fortran order"],
    [npy(header("<f4", "(3,)"), one), "shape [3] of <f4 takes 12 bytes, found 4"],
    [npy(header("<f4", "(99999999999, 99999999999)"), one), "bytes, found 4"],
    [npy(header("<f4", "()"), Float32Array.of(1, 2)), "takes 4 bytes, found 8"],
    [npy(header("<f4", `(${"1,".repeat(33)})`), one), "33 dimensions are more than 32"],
    [npy(header("<f4", "(2,)"), Float32Array.of(1, NaN)), "value 1 is NaN"],
    [npy(header("<f8", "(1,)"), Float64Array.of(1e300)), "value 0 is Infinity"],
  ];
  for (const [bytes, reason] of cases) {
    assertThrows(() => read(bytes), RanetError, 'Cannot read tensor "x.npy": ');
    assertThrows(() => read(bytes), RanetError, reason);
  }
});

Deno.test("readNpy() throws only RanetError for damaged files", () => {
  const whole = npy(header("<f4", "(2, 2)"), Float32Array.of(1, 2, 3, 4));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255))), fc.nat(whole.length), (hits, length) => {
      const damaged = whole.slice(0, length);
      for (const [at, value] of hits) if (at < length) damaged[at] = value;
      try {
        const { shape, data } = read(damaged);
        assertEquals(shape.reduce((a, b) => a * b, 1), data.length);
      } catch (error) {
        if (!(error instanceof RanetError)) throw error;
      }
    }),
  );
});
