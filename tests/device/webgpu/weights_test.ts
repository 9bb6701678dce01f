import { assert, assertEquals } from "@std/assert";
import { layOutWeights, packWeights } from "../../../lib/device/webgpu/weights.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { quadsOf, regionQuads } from "../../../lib/planner/plan.ts";
import { readSpec } from "../../../lib/model/read_spec.ts";
import { buildNetwork } from "../../../lib/network/build.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import { changeSpec } from "../../../lib/spec/change.ts";
import { parseSpec } from "../../../lib/spec/parse.ts";
import { randomTensors, TINY_SPEC, tinyModel } from "../../fixtures.ts";

Deno.test("packWeights() stores each weight where a kernel reads it, and pads with zeros", () => {
  const { network, tensors } = tinyModel();
  const weights = foldWeights(network, tensors);
  const plan = buildPlan(network);
  const layout = layOutWeights(plan);
  const packed = packWeights(layout, weights);
  for (const step of plan.stages.flat(2)) {
    if (step.kind !== "convolution" && step.kind !== "classifier") continue;
    const { weight, bias } = weights.get(step.layer.name)!;
    const { buffer, offset, quads } = layout.ranges.get(step)!;
    const found = packed[buffer].slice(4 * offset, 4 * (offset + quads));
    const inputs = step.reads[0].channels;
    const rows = 4 * quadsOf(inputs);
    const taps = step.kind === "convolution" ? step.layer.kernel ** 2 : 1;
    const columns = step.kind === "convolution" ? 4 * regionQuads(step.writes[0]) : rows;
    const shift = step.kind === "convolution" ? step.writes[0].channel % 4 : 0;
    // Removes each number that was found, so that only padding remains.
    const take = (at: number) => {
      const value = found[at];
      found[at] = 0;
      return value;
    };
    const at = (out: number, input: number, tap: number) =>
      step.kind === "convolution" ? (tap * rows + input) * columns + shift + out : out * columns + input;
    const unpacked = weight.map((_, i) => at(Math.floor(i / taps / inputs), Math.floor(i / taps) % inputs, i % taps))
      .map(take);
    assertEquals(unpacked, weight);
    const biasAt = found.length - (step.kind === "convolution" ? columns : 4 * quadsOf(bias.length));
    assertEquals(bias.map((_, out) => take(biasAt + shift + out)), bias);
    assertEquals(found.every((value) => value === 0), true);
  }
});

Deno.test("packWeights() stores the weights of a depthwise convolution where a kernel reads them", () => {
  const spec = changeSpec(parseSpec(TINY_SPEC), { depthwise: true, kernel: 5 });
  const network = buildNetwork(spec);
  const weights = foldWeights(network, randomTensors(network));
  const plan = buildPlan(network);
  const layout = layOutWeights(plan);
  const packed = packWeights(layout, weights);
  const steps = plan.stages.flat(2).filter((step) => step.kind === "depthwise");
  assert(steps.length > 0);
  for (const step of steps) {
    const { weight, bias } = weights.get(step.layer.name)!;
    const { buffer, offset, quads } = layout.ranges.get(step)!;
    const found = packed[buffer].subarray(4 * offset, 4 * (offset + quads));
    const { channels } = step.writes[0];
    const pitch = 4 * quadsOf(channels);
    assertEquals(found.length, 26 * pitch);
    found.forEach((value, i) => {
      const [tap, channel] = [Math.floor(i / pitch), i % pitch];
      const wanted = channel >= channels ? 0 : tap === 25 ? bias[channel] : weight[channel * 25 + tap];
      assertEquals(value, wanted);
    });
  }
});

Deno.test("weights are packed into buffers within WebGPU's default limits", async () => {
  const plan = buildPlan(buildNetwork(await readSpec("ranet-imagenet-c32")));
  const { ranges, quads } = layOutWeights(plan);
  const ends = quads.map(() => 0);
  for (const step of plan.stages.flat(2)) {
    const range = ranges.get(step);
    if (!range) continue;
    assertEquals(range.offset, ends[range.buffer]);
    ends[range.buffer] += range.quads;
  }
  assertEquals(ends, quads);
  assert(quads.every((quads) => 16 * quads <= 2 ** 27));
});
