/** Checks that the bytes that `plan` reports are those that are allocated. */

import { assertEquals } from "@std/assert";
import { Int8Lowering } from "../../../lib/device/cpu/int8_lower.ts";
import type { Place } from "../../../lib/device/cpu/lower.ts";
import { MemoryLayout } from "../../../lib/device/cpu/memory.ts";
import { cpuWeightBytes } from "../../../lib/device/cpu/weight_bytes.ts";
import { gpuWeightBytes, layOutWeights } from "../../../lib/device/webgpu/weights.ts";
import { readSpec } from "../../../lib/model/read_spec.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import type { Region } from "../../../lib/planner/plan.ts";
import { parseQuantized } from "../../../lib/weights/quantized.ts";
import { randomModel } from "../../quantized/random_model.ts";

/** Counts the bytes that are kept, except for tables of offsets. */
class CountingLayout extends MemoryLayout {
  weightBytes = 0;
  #isTable = false;

  override keep(bytes: Uint8Array): number {
    if (!this.#isTable) this.weightBytes += bytes.length;
    return super.keep(bytes);
  }

  override table(words: readonly number[]): number {
    this.#isTable = true;
    const address = super.table(words);
    this.#isTable = false;
    return address;
  }
}

const MODELS = ["ranet-cifar10-micro", "ranet-cifar10-upconv", "ranet-cifar10-depthwise"];

for (const name of MODELS) {
  Deno.test(`cpuWeightBytes() is the number of bytes allocated for ${name}`, async () => {
    const { network, tensors } = randomModel(await readSpec(name), { seed: 1 });
    const weights = parseQuantized(network, tensors, { source: "random" });
    const plan = buildPlan(network);
    const layout = new CountingLayout(128);
    const lowering = new Int8Lowering(layout, weights, "fused");
    const placeOf = ({ size, channels }: Region): Place => ({ at: 0, bytes: 0, pitch: channels, size, channels });
    for (const step of new Set(plan.stages.flat(2))) {
      const [input, gates] = step.reads.map(placeOf);
      const [output] = step.writes.map(placeOf);
      lowering.step(step, { input, gates, output, schedule: { parts: 1, last: true } });
    }
    assertEquals(cpuWeightBytes(plan, { int8: true }), layout.weightBytes);
    for (const [int8, given] of [[false, undefined], [true, weights]] as const) {
      const quads = layOutWeights(plan, given).quads.reduce((sum, own) => sum + own, 0);
      assertEquals(gpuWeightBytes(plan, { int8 }), 16 * quads);
    }
  });
}
