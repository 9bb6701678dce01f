/** Tests files of quantized weights, and what is refused. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { createModel } from "../../lib/model/model.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import type { Convolution, DepthwiseConvolution, Network } from "../../lib/network/network.ts";
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

/** Tensors with one changed number. */
function withNumber(name: string, value: number) {
  const { shape, data } = tensors.get(name)!;
  return new Map(tensors).set(name, { shape, data: data.with(0, value) });
}

Deno.test("an 8-bit file is read back with the same integers", () => {
  const { tensors: read } = readSafetensors(bytesOf(), { source: "q" });
  assertEquals(read.size, tensors.size);
  for (const [name, tensor] of tensors) assertEquals(read.get(name), tensor);
  const again = readWeights(bytesOf(), { source: "q" });
  assertEquals(again.get(`${convolution}.weight`), tensors.get(`${convolution}.weight`));
  assertEquals(createModel(spec, again, { source: "q" }).tensors, again);
});

Deno.test("the step of a channel is kept through resizes", () => {
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
  Deno.test(`a ${what} ${name} is refused with the tensor's name`, () => {
    const full = `${convolution}.${name}`;
    const error = assertThrows(
      () => parseQuantized(network, withNumber(full, value), { source: "q.safetensors" }),
      RanetError,
      `"${full}"`,
    );
    assertEquals(error.message.includes("at index 0, expected finite numbers above 0"), true);
  });
}

Deno.test("weights and biases that are out of range or not integers are refused by name", () => {
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

Deno.test("missing, misshapen and unexpected tensors are refused by name", () => {
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
  // 147 products of 2047 and 7000 are below 2³¹; of 2047 and 7200, above.
  const filled = (value: number) =>
    new Map(tensors).set(`${name}.weight`, {
      shape: [channels, 3, 7, 7],
      data: new Float32Array(channels * 147).fill(value),
    });
  parseQuantized(wide, filled(7000), { source: "q" });
  assertThrows(
    () => parseQuantized(wide, filled(7200), { source: "q" }),
    RanetError,
    `"${name}.weight" can cause sums`,
  );
});

Deno.test("training, folding and checkTensors() refuse integer weights", () => {
  assertThrows(() => checkTensors(network, tensors, { source: "q" }), RanetError, `"image.scale"`);
  assertThrows(() => foldWeights(network, tensors), RanetError, "8-bit integers");
});

Deno.test("numbers of depthwise convolutions and gates that are too large are refused with the tensor's name", () => {
  const other = buildNetwork(changeSpec(spec, { depthwise: true, seRatio: 0.5 }));
  const given = randomTensors(other, { seed: 1 });
  const nameOf = (end: string) => given.keys().find((name) => name.endsWith(end))!;
  const depthwise = other.exits.flatMap(({ layers }) => layers).find(({ kind }) =>
    kind === "depthwise"
  ) as DepthwiseConvolution;
  parseQuantized(other, given, { source: "q" });
  for (
    const [name, value, wanted] of [
      [nameOf("excitation.multiplier"), 4.5, "at index 1, expected at most 4"],
      [nameOf("squeeze.multiplier"), -1, "at index 1, expected finite numbers above 0"],
      [nameOf("fc2.scale"), 0, "at index 0, expected finite numbers above 0"],
      [`${depthwise.name}.bias`, 2 ** 24, "can cause sums above 2²⁴ at channel 1"],
    ] as const
  ) {
    const { shape, data } = given.get(name)!;
    const changed = new Map(given).set(name, { shape, data: data.with(Math.min(1, data.length - 1), value) });
    const { message } = assertThrows(() => parseQuantized(other, changed, { source: "q" }), RanetError);
    assertStringIncludes(message, `"${name}"`);
    assertStringIncludes(message, wanted);
  }
});

Deno.test("a convolution without ReLU is refused in 8 bits, unless gates are made from its output", () => {
  const other = buildNetwork(changeSpec(spec, { seRatio: 0.5 }));
  const [first, ...others] = other.exits;
  const layers = first.layers.map((layer) =>
    layer.kind === "convolution" ? { ...layer, activation: "none" } as Convolution : layer
  );
  assertThrows(
    () => quantizedParameters({ ...other, exits: [{ ...first, layers }, ...others] }),
    RanetError,
    `has the activation "none"`,
  );
});

Deno.test("integers without the metadata entry are refused with the tensor's name; an unknown entry is refused", () => {
  const expected = new Set([`${convolution}.weight`]);
  assertThrows(
    () => readWeights(bytesOf(tensors, {}), { source: "q", expected }),
    RanetError,
    `"${convolution}.weight" is of type I8`,
  );
  assertThrows(() => readSafetensors(bytesOf(tensors, { quantization: "int4" }), { source: "q" }), RanetError, "int4");
});

Deno.test("biases that float32 cannot represent are refused", () => {
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

Deno.test("cornerShares() are integers that add up to SHARES", () => {
  for (let i = 0; i <= 14; i++) {
    for (let k = 0; k <= 30; k++) {
      const shares = cornerShares(i / 14, k / 30);
      assertEquals(shares.reduce((sum, share) => sum + share, 0), SHARES);
      assertEquals(shares.every((share) => share >= 0 && Number.isInteger(share)), true);
    }
  }
});
