import { assertEquals } from "@std/assert";
import { packWeights } from "../../lib/planner/pack.ts";
import { buildPlan } from "../../lib/planner/build.ts";
import { quadsOf } from "../../lib/planner/plan.ts";
import { tinyModel } from "../fixtures.ts";

Deno.test("packWeights: every weight is where a kernel reads it, and padding is zero", () => {
  const { network, weights } = tinyModel();
  const plan = buildPlan(network);
  const packed = packWeights(plan, weights);
  for (const step of plan.stages.flat(2)) {
    if (step.kind !== "convolution" && step.kind !== "classifier") continue;
    const { weight, bias } = weights.get(step.layer.name)!;
    const { buffer, offset, quads } = step.weights;
    const found = packed[buffer].slice(4 * offset, 4 * (offset + quads));
    const inputs = step.input.channels;
    const rows = 4 * quadsOf(inputs);
    const taps = step.kind === "convolution" ? step.layer.kernel ** 2 : 1;
    const columns = step.kind === "convolution" ? 4 * quadsOf(step.output.channels) : rows;
    // Takes each number out, so that only padding is left.
    const take = (at: number) => {
      const value = found[at];
      found[at] = 0;
      return value;
    };
    const at = (out: number, input: number, tap: number) =>
      step.kind === "convolution" ? (tap * rows + input) * columns + out : out * columns + input;
    const unpacked = weight.map((_, i) => at(Math.floor(i / taps / inputs), Math.floor(i / taps) % inputs, i % taps))
      .map(take);
    assertEquals(unpacked, weight);
    const biasAt = found.length - (step.kind === "convolution" ? columns : 4 * quadsOf(bias.length));
    assertEquals(bias.map((_, out) => take(biasAt + out)), bias);
    assertEquals(found.every((value) => value === 0), true);
  }
});
