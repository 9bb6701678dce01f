/**
 * Tests the CPU runner's layers one by one against their definitions.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { CpuRunner } from "../../../lib/device/cpu/runner.ts";
import { areaOf, type Size } from "../../../lib/network/size.ts";
import type { Region } from "../../../lib/planner/plan.ts";
import { randomArray } from "../../fixtures.ts";
import { type Case, convolutionCase, indexIn, probePlan } from "../probe.ts";
import { times } from "../../long.ts";
import { sizes, square } from "../../sizes.ts";
import { activate, activations } from "../activation.ts";

type Planes = readonly (readonly number[])[];

/** Runs one case on an arena of given or random numbers; returns channels as planes. */
async function run(layer: Case, { seed = 1, given = [] }: { seed?: number; given?: Planes }) {
  const { plan, folded, inputs: [input], outputs: [output], length } = probePlan([layer], "numbers");
  const arena = randomArray(length, seed);
  given.forEach((plane, channel) => plane.forEach((value, pixel) => arena[indexIn(input, pixel, channel)] = value));
  const planesOf = (numbers: Float32Array, { size, channels, pitch, offset }: Region) =>
    Array.from(
      { length: channels },
      (_, channel) =>
        Array.from({ length: areaOf(size) }, (_, pixel) => numbers[indexIn({ offset, pitch }, pixel, channel)]),
    );
  using runner = await CpuRunner.create(plan, folded, { batchSize: 1 });
  await runner.load(arena, 1);
  const [numbers] = (await runner.run({ from: 0, to: 1 })).logits;
  return {
    input: planesOf(arena, input),
    before: planesOf(arena, output),
    planes: planesOf(numbers, { ...output, offset: 0 }),
    folded,
  };
}

/** Convolution with bias, optional ReLU, and padding kernel / 2, by definition, on planes. */
function convolve(layer: Case, input: Planes, weight: Float32Array, bias: Float32Array): number[][] {
  const { inSize, outSize, inChannels, outChannels, kernel, stride, activation } = layer;
  const padding = kernel >> 1;
  return Array.from({ length: outChannels }, (_, out) =>
    Array.from({ length: areaOf(outSize) }, (_, pixel) => {
      let sum = bias[out];
      for (let channel = 0; channel < inChannels; channel++) {
        for (let ky = 0; ky < kernel; ky++) {
          for (let kx = 0; kx < kernel; kx++) {
            const y = Math.floor(pixel / outSize.width) * stride + ky - padding;
            const x = pixel % outSize.width * stride + kx - padding;
            if (y < 0 || x < 0 || y >= inSize.height || x >= inSize.width) continue;
            sum += input[channel][y * inSize.width + x] *
              weight[((out * inChannels + channel) * kernel + ky) * kernel + kx];
          }
        }
      }
      return activate(sum, activation);
    }));
}

Deno.test("convolutions match their definition and do not change neighbouring channels", async () => {
  const layers = fc.record({
    inSize: sizes(1, 9),
    inChannels: fc.integer({ min: 1, max: 40 }),
    outChannels: fc.integer({ min: 1, max: 40 }),
    offset: fc.integer({ min: 0, max: 5 }),
    behind: fc.integer({ min: 0, max: 2 }),
    kernel: fc.constantFrom(1, 3, 7),
    stride: fc.constantFrom(1, 2),
    activation: activations,
  }).map(convolutionCase)
    // The number of the probe's weights is the square of this.
    .filter(({ outSize, outChannels }) => areaOf(outSize) * outChannels <= 1000);
  await fc.assert(
    fc.asyncProperty(layers, fc.nat(1000), async (layer, seed) => {
      const { input, before, planes, folded } = await run(layer, { seed });
      const { weight, bias } = folded.get("layer 0")!;
      const wanted = convolve(layer, input, weight, bias);
      planes.forEach((plane, channel) => {
        const out = channel - layer.offset;
        if (!wanted[out]) return assertEquals(plane, before[channel]);
        plane.forEach((value, pixel) => assertLess(Math.abs(value - wanted[out][pixel]), 1e-5));
      });
    }),
    { numRuns: times(30, 100) },
  );
});

/**
 * Runs one case on an image of two planes: the given numbers and their negatives. The image is square unless the case says
 * otherwise.
 */
async function twoPlanes(layer: Partial<Case>, numbers: readonly number[]): Promise<number[][]> {
  const inSize = square(Math.sqrt(numbers.length));
  const given = [numbers, numbers.map((value) => -value)];
  return (await run(convolutionCase({ inSize, inChannels: 2, outChannels: 2, ...layer }), { given })).planes;
}

const resized: readonly [name: string, from: readonly number[], to: readonly number[]][] = [
  ["2 to 3", [0, 1, 2, 3], [0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3]],
  ["3 to 2: the corners", [0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 2, 6, 8]],
  ["4 to 3", Array.from({ length: 16 }, (_, i) => 2 * i), [0, 3, 6, 12, 15, 18, 24, 27, 30]],
  ["3 to 1: the first corner", [5, 1, 2, 3, 4, 5, 6, 7, 8], [5]],
  ["1 to 3", [4], [4, 4, 4, 4, 4, 4, 4, 4, 4]],
  ["2 to 2: a copy", [1, 2, 3, 4], [1, 2, 3, 4]],
];

for (const [name, from, to] of resized) {
  Deno.test(`resize ${name}`, async () => {
    const planes = await twoPlanes({ kind: "resize", outSize: square(Math.sqrt(to.length)), offset: 3 }, from);
    assertEquals(planes.slice(3), [to, to.map((value) => 0 - value)]);
  });
}

Deno.test("resize supports one side alone and opposite directions", async () => {
  const resize = async (inSize: Size, outSize: Size, numbers: readonly number[]) =>
    (await twoPlanes({ kind: "resize", inSize, outSize }, numbers))[0];
  const wide = { height: 1, width: 3 };
  const tall = { height: 3, width: 1 };
  assertEquals(await resize(wide, { height: 1, width: 5 }, [0, 2, 4]), [0, 1, 2, 3, 4]);
  assertEquals(await resize(tall, { height: 5, width: 1 }, [0, 2, 4]), [0, 1, 2, 3, 4]);
  assertEquals(await resize(wide, square(2), [0, 2, 4]), [0, 4, 0, 4]);
  assertEquals(await resize(tall, square(2), [0, 2, 4]), [0, 0, 4, 4]);
  assertEquals(
    await resize({ height: 3, width: 2 }, { height: 2, width: 3 }, [0, 2, 4, 6, 8, 10]),
    [0, 1, 2, 8, 9, 10],
  );
});

Deno.test("max-pool ignores pixels outside the image", async () => {
  const planes = await twoPlanes({ kind: "max-pool", stride: 2 }, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(planes, [[5, 6, 8, 9], [-1, -2, -4, -5]]);
});

const kinds: readonly Partial<Case>[] = [
  // Complete quads of channels and parts of quads are written by different code.
  ...[1, 2, 3, 4].map((outChannels) => ({ outChannels })),
  { kind: "resize" },
  { kind: "max-pool", stride: 2 },
];

for (const layer of kinds) {
  Deno.test(`NaN propagates through ${JSON.stringify(layer)}`, async () => {
    const planes = await twoPlanes(layer, [NaN, 2, 3, 4, 5, 6, 7, 8, 9]);
    // The probe multiplies NaN by 0, which spreads it.
    assertEquals(planes.flat().every(Number.isNaN), true);
  });
}
