import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { arrayPicture, arrayPlanes, arrayTensor, isArray } from "../../lib/data/arrays.ts";
import { toPixels, toTensor } from "../../lib/data/preprocess.ts";
import { readTensor } from "../../lib/data/read_tensor.ts";
import { RanetError } from "../../lib/errors.ts";
import { sidesOf } from "../../lib/network/size.ts";
import { randomArray } from "../fixtures.ts";
import { npy } from "../npy_writer.ts";
import { sizes } from "../sizes.ts";

const source = "x.npy";

Deno.test("an array of the network's size is used unchanged; integers are divided by the largest value of their type", () => {
  const form = { size: [2, 3], resize: [2, 3] } as const;
  const planes = (data: Parameters<typeof npy>[1], channels: number) =>
    arrayPlanes(npy([channels, 2, 3], data), { source, channels, form });
  const floats = randomArray(5 * 6, 1);
  assertEquals(planes(floats, 5), floats);
  assertEquals([...planes(Uint8Array.of(0, 255, 51, 0, 0, 0), 1)].map((value) => Math.round(1e6 * value)), [
    ...[0, 1e6, 200_000, 0, 0, 0],
  ]);
  assertEquals(planes(Uint16Array.of(65_535, 0, 0, 0, 0, 0), 1)[0], 1);
  assertEquals(planes(Int16Array.of(-32_767, 0, 0, 0, 0, 0), 1)[0], -1);
  assertEquals(arrayPlanes(npy([2, 3], new Float32Array(6)), { source, channels: 1, form }).length, 6);
});

Deno.test("an array of an image's bytes gives the image's tensor, except for rounding to bytes", () => {
  fc.assert(fc.property(sizes(1, 20), sizes(1, 12), fc.nat(5), fc.nat(1000), (from, to, border, seed) => {
    const { width, height } = from;
    const bytes = Uint8Array.from(randomArray(3 * width * height, seed), (value) => 127 + 127 * value);
    const data = new Uint8Array(4 * width * height);
    bytes.forEach((value, i) => data[4 * (i % (width * height)) + Math.floor(i / (width * height))] = value);
    const input = {
      size: sidesOf(to),
      resize: sidesOf({ height: to.height + border, width: to.width + border }),
      mean: [0.5, 0.4, 0.3],
      std: [1, 1, 1],
    };
    const wanted = toTensor({ width, height, data }, input);
    const found = arrayTensor(npy([3, height, width], bytes), { source, input });
    wanted.forEach((value, i) => assertAlmostEquals(found[i]!, value, 1.1 / 255));
  }));
});

Deno.test("arrayPlanes() of a long, narrow array stores only the cropped part", () => {
  for (const shape of [[1, 3_000_000, 1], [1, 1, 3_000_000], [1, 2, 1_000_000]]) {
    const bytes = npy(shape, new Uint8Array(shape[1]! * shape[2]!).fill(51));
    const form = { size: [20, 1000], resize: 1000 } as const;
    const planes = arrayPlanes(bytes, { source, channels: 1, form });
    assertEquals(planes.every((value) => Math.abs(value - 0.2) < 1e-5), true);
  }
});

Deno.test("each channel is normalised by its own mean and standard deviation", async () => {
  const input = { size: 1, resize: 1, mean: [0, 0.5, 1, 0.25], std: [1, 0.5, 0.25, 1] };
  const bytes = npy([4, 1, 1], Float32Array.of(0.5, 0.5, 0.5, 0.5));
  assertEquals([...await readTensor(bytes, { source, input })], [0.5, 0, -2, 0.25]);
  assertEquals(isArray(bytes, 4), true);
});

Deno.test("arrayPicture() shows the first three channels, or grey", () => {
  const rgb = arrayPicture(npy([4, 1, 1], Float32Array.of(1, 0, 0.2, 0.9)), source);
  assertEquals([...rgb.data], [255, 0, 51, 255]);
  const grey = arrayPicture(npy([2, 1, 1], Float32Array.of(0.2, 1)), source);
  assertEquals([...toPixels(grey, { size: 1, resize: 1 })], [51, 51, 51]);
});

Deno.test("arrays that do not fit the network are refused", async () => {
  const form = { size: 2, resize: 2 };
  const refused = (shape: readonly number[], message: string) =>
    assertThrows(
      () => arrayPlanes(npy(shape, new Uint8Array(shape.reduce((a, b) => a * b, 1))), { source, channels: 2, form }),
      RanetError,
      message,
    );
  refused([3, 2, 2], "it has 3 channels, expected the network's 2");
  refused([2, 2, 2, 2], "expected an array of channels × height × width, found 2 × 2 × 2 × 2");
  refused([7], "expected an array of channels × height × width, found 7");
  refused([513, 1, 1], "513 channels are more than 512");
  refused([2, 0, 2], "expected an array of channels × height × width, found 2 × 0 × 2");
  const input = { size: 1, resize: 1, mean: [0, 0], std: [1, 1] };
  const nan = npy([2, 1, 1], Float32Array.of(1, NaN));
  await assertRejects(() => readTensor(nan, { source, input }), RanetError, "value 1 is NaN, expected finite numbers");
});
