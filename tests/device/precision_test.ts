import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { roundWeights } from "../../lib/device/precision.ts";
import { RanetError } from "../../lib/errors.ts";
import { randomArray, relativeError, tinyModel } from "../fixtures.ts";
import { gpuTest } from "../gpu.ts";

Deno.test("roundWeights() rounds to the nearest float16 number, and refuses numbers that are too large", () => {
  const values = Float32Array.of(1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, -65504, 1e-8, NaN, Infinity);
  const round = (weight: Float32Array) =>
    roundWeights(new Map([["layer", { weight, bias: weight }]]), "float16").get("layer")!;
  assertEquals([...round(values).bias], [1, 1, 1 + 2 ** -9, -65504, 0, NaN, Infinity]);
  assertThrows(() => round(Float32Array.of(65520)), RanetError, "65520");
});

gpuTest("with float16 weights, both devices agree with each other, and with float32 within 1 %", async () => {
  const model = tinyModel();
  const images = randomArray(3 * 3 * 20 ** 2, 9);
  const forward = async (device: "cpu" | "gpu", precision: "float32" | "float16") => {
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: 3, precision });
    return await executor.forward(images);
  };
  const exact = await forward("cpu", "float32");
  const [cpu, gpu] = [await forward("cpu", "float16"), await forward("gpu", "float16")];
  exact.forEach((logits, exit) => {
    assertLess(relativeError(gpu[exit], cpu[exit]), 1e-4);
    assertLess(relativeError(gpu[exit], logits), 1e-2);
    assertLess(0, relativeError(gpu[exit], logits), "rounding should show");
  });
});
