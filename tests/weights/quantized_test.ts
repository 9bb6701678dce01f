/** Quantized weights: their file, and what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { createModel } from "../../lib/model/model.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import type { Convolution, Network } from "../../lib/network/network.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { checkTensors } from "../../lib/weights/check.ts";
import { foldWeights } from "../../lib/weights/fold.ts";
import { cornerShares, parseQuantized, quantizedParameters, SHARES } from "../../lib/weights/quantized.ts";
import { readWeights } from "../../lib/weights/read.ts";
import { readSafetensors, writeSafetensors } from "../../lib/weights/safetensors.ts";
import { randomTensors } from "../quantized/random_model.ts";

const spec = await readSpec("ranet-cifar10-micro");
const network = buildNetwork(spec);
const tensors = randomTensors(network, { seed: 1 });
const types = new Map(quantizedParameters(network).map(({ name, dtype }) => [name, dtype]));
const dtype = (name: string) => types.get(name)!;
const convolution = "scale_flows.0.0.layers.0.conv_normal.net.0";

function bytesOf(changed = tensors, metadata: Record<string, string> = { quantization: "int8" }): Uint8Array {
  return writeSafetensors(changed, { metadata, dtype });
}

/** With one number of a tensor changed. */
function withNumber(name: string, value: number) {
  const { shape, data } = tensors.get(name)!;
  return new Map(tensors).set(name, { shape, data: data.with(0, value) });
}

Deno.test("a quantized file is read as it was written, with its whole numbers", () => {
  const { tensors: read } = readSafetensors(bytesOf(), { source: "q" });
  assertEquals(read.size, tensors.size);
  for (const [name, tensor] of tensors) assertEquals(read.get(name), tensor);
  const again = readWeights(bytesOf(), { source: "q" });
  assertEquals(again.get(`${convolution}.weight`), tensors.get(`${convolution}.weight`));
  assertEquals(createModel(spec, again, { source: "q" }).tensors, again);
});

Deno.test("steps follow channels through resizes", () => {
  const { scales, classifiers } = parseQuantized(network, tensors, { source: "q" });
  for (const layer of network.exits.flatMap(({ layers }) => layers)) {
    if (layer.kind !== "resize") continue;
    const [[from], [to]] = [layer.reads, layer.writes];
    assertEquals(
      scales[to.feature].slice(to.offset, to.offset + to.channels),
      scales[from.feature].slice(from.offset, from.offset + from.channels),
    );
  }
  for (const { steps } of classifiers.values()) assertEquals(steps.every((step) => step > 0), true);
});

for (
  const [what, name, value] of [
    ["zero", "scale", 0],
    ["negative", "multiplier", -1],
    ["infinite", "scale", Infinity],
    ["NaN", "multiplier", NaN],
    ["subnormal", "scale", 1e-40],
  ] as const
) {
  Deno.test(`a ${what} ${name} is refused by its tensor's name`, () => {
    const full = `${convolution}.${name}`;
    const error = assertThrows(
      () => parseQuantized(network, withNumber(full, value), { source: "q.safetensors" }),
      RanetError,
      `"${full}"`,
    );
    assertEquals(error.message.includes("at index 0, expected finite numbers above 0"), true);
  });
}

Deno.test("weights and biases out of range, or no whole numbers, are refused by name", () => {
  for (
    const [name, value] of [
      [`${convolution}.weight`, -128],
      [`${convolution}.weight`, 0.5],
      [`${convolution}.bias`, 2 ** 24 + 2],
      ["image.scale", -1],
      ["classifier.0.linear.weight", NaN],
    ] as const
  ) {
    assertThrows(() => parseQuantized(network, withNumber(name, value), { source: "q" }), RanetError, `"${name}"`);
  }
});

Deno.test("missing, misshapen and foreign tensors are refused by name", () => {
  const missing = new Map(tensors);
  missing.delete(`${convolution}.scale`);
  assertThrows(() => createModel(spec, missing, { source: "q" }), RanetError, `"${convolution}.scale" [`);
  const misshapen = new Map(tensors).set(`${convolution}.weight`, { shape: [2, 2], data: new Float32Array(4) });
  assertThrows(() => createModel(spec, misshapen, { source: "q" }), RanetError, "is [2, 2], expected [");
  const foreign = new Map(tensors).set("other", { shape: [1], data: new Float32Array(1) });
  assertThrows(() => createModel(spec, foreign, { source: "q" }), RanetError, `"other" is not a parameter`);
});

Deno.test("sums that need more than 32 bits are refused by name", () => {
  const [first, ...others] = network.exits;
  const layers = first.layers.map((layer, i) => i === 0 ? { ...layer, kernel: 7 } as Convolution : layer);
  const wide: Network = { ...network, exits: [{ ...first, layers }, ...others] };
  const { name, writes: [{ channels }] } = layers[0] as Convolution;
  // 147 products of 2047 and 7000 are below 2³¹, of 2047 and 7200 above.
  const filled = (value: number) =>
    new Map(tensors).set(`${name}.weight`, {
      shape: [channels, 3, 7, 7],
      data: new Float32Array(channels * 147).fill(value),
    });
  parseQuantized(wide, filled(7000), { source: "q" });
  assertThrows(() => parseQuantized(wide, filled(7200), { source: "q" }), RanetError, `"${name}.weight" can cause sums`);
});

Deno.test("floats are not computed with whole numbers: training, folding and checking refuse them", () => {
  assertThrows(() => checkTensors(network, tensors, { source: "q" }), RanetError, `"image.scale"`);
  assertThrows(() => foldWeights(network, tensors), RanetError, "8-bit integers");
});

Deno.test("depthwise convolutions and squeeze-and-excitation are not computed in eight bits", () => {
  for (
    const [change, wanted] of [[{ depthwise: true }, "is a depthwise convolution"], [
      { seRatio: 0.5 },
      "squeeze",
    ]] as const
  ) {
    assertThrows(() => quantizedParameters(buildNetwork(changeSpec(spec, change))), RanetError, wanted);
  }
});

Deno.test("whole numbers without the note name the tensor; another note is not read", () => {
  const expected = new Set([`${convolution}.weight`]);
  assertThrows(
    () => readWeights(bytesOf(tensors, {}), { source: "q", expected }),
    RanetError,
    `"${convolution}.weight" is of type I8`,
  );
  assertThrows(() => readSafetensors(bytesOf(tensors, { quantization: "int4" }), { source: "q" }), RanetError, "int4");
});

Deno.test("biases that float32 does not hold are refused where they are read", () => {
  const name = "a.bias";
  const header = JSON.stringify({
    __metadata__: { quantization: "int8" },
    [name]: { dtype: "I32", shape: [1], data_offsets: [0, 4] },
  });
  const bytes = new Uint8Array(8 + header.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  view.setInt32(8 + header.length, 2 ** 24 + 1, true);
  assertThrows(() => readSafetensors(bytes, { source: "q" }), RanetError, `"a.bias" contains 16777217`);
});

Deno.test("shares of four corners are whole and add up", () => {
  for (let i = 0; i <= 14; i++) {
    for (let k = 0; k <= 30; k++) {
      const shares = cornerShares(i / 14, k / 30);
      assertEquals(shares.reduce((sum, share) => sum + share, 0), SHARES);
      assertEquals(shares.every((share) => share >= 0 && Number.isInteger(share)), true);
    }
  }
});
