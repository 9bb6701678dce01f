import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { Runner, StageRange } from "../../lib/device/runner.ts";
import { joinRunners } from "../../lib/device/sooner.ts";
import { keepSpeeds, keptSpeeds, measureSpeed, smallestGpuBatch, timeOf } from "../../lib/device/speeds.ts";
import { describeAdapters } from "../../lib/device/open.ts";
import { titleOf } from "../../lib/device/webgpu/adapter.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { randomArray, tinyModel } from "../fixtures.ts";
import { gpuTest } from "../gpu.ts";
import { asGpus } from "./as_gpus.ts";

const ms = fc.double({ min: 0, max: 100, noNaN: true });
const speed = fc.record({ fixed: ms, each: ms.map((value) => value + 0.01) });

Deno.test("smallestGpuBatch() is the first batch size from which on the GPU is faster", () => {
  fc.assert(fc.property(speed, speed, (gpu, cpu) => {
    const smallest = smallestGpuBatch({ flops: 1, gpu, cpu });
    assertGreater(smallest, 0);
    for (const count of [1, 2, 3, 10, 64, 1000]) {
      const ahead = timeOf(cpu, count) - timeOf(gpu, count);
      if (count > 1 && Math.abs(ahead) < 1e-6) continue;
      // A device that is faster for one image and slower for larger batches is used for all batches.
      if (timeOf(gpu, 1) < timeOf(cpu, 1)) assertEquals(smallest, 1);
      else assertEquals(count >= smallest, ahead > 0);
    }
  }));
});

/** A runner with a simulated clock that records its batches. */
function fakeRunner(kind: "gpu" | "cpu", { fixed, each }: { fixed: number; each: number }, batchSize = 64) {
  let [time, disposed, count] = [0, false, 0];
  const batches: number[] = [];
  const runner: Runner = {
    device: { kind, name: kind },
    batchSize,
    load: (_, samples) => void (count = samples),
    run: ({ from, to }: StageRange) => {
      batches.push(count);
      time += fixed + each * count;
      return Promise.resolve({ logits: Array.from({ length: to - from }, () => new Float32Array(count)), exits: [] });
    },
    [Symbol.dispose]: () => void (disposed = true),
  };
  return { runner, batches, now: () => time, isDisposed: () => disposed };
}

Deno.test("measureSpeed() runs one image, then as many as take a tenth of a second", async () => {
  const about = { stages: 2, length: 3 };
  for (
    const [speed, batches] of [[{ fixed: 10, each: 0.5 }, [1, 1, 6, 6]], [{ fixed: 0, each: 300 }, [1, 1]]] as const
  ) {
    const fake = fakeRunner("gpu", speed);
    const { fixed, each } = await measureSpeed(fake.runner, { ...about, now: fake.now });
    assertAlmostEquals(fixed, speed.fixed, 1e-9);
    assertAlmostEquals(each, speed.each, 1e-9);
    assertEquals(fake.batches, [...batches]);
  }
});

Deno.test("joinRunners() runs each batch on the faster device, and disposes of a device that is never faster", async () => {
  const join = (gpu: { fixed: number; each: number }, cpu: { fixed: number; each: number }, together = false) => {
    const fakes = { gpu: fakeRunner("gpu", gpu, 32), cpu: fakeRunner("cpu", cpu) };
    const runner = joinRunners({ gpu: fakes.gpu.runner, cpu: fakes.cpu.runner }, { flops: 1, gpu, cpu }, { together });
    return { runner, left: [fakes.gpu.isDisposed(), fakes.cpu.isDisposed()], fakes };
  };
  const both = join({ fixed: 10, each: 0.1 }, { fixed: 0, each: 3 }); // 10.3 to 9, 10.4 to 12
  for (const [count, kind] of [[1, "cpu"], [3, "cpu"], [4, "gpu"], [32, "gpu"]] as const) {
    await both.runner.load(new Float32Array(count), count);
    await both.runner.run({ from: 0, to: 1 });
    assertEquals([both.runner.device.kind, both.fakes[kind].batches.at(-1)], [kind, count]);
  }
  assertEquals([both.runner.batchSize, both.left], [32, [false, false]]);
  assertEquals(join({ fixed: 10, each: 3 }, { fixed: 0, each: 1 }).left, [true, false]);
  assertEquals(join({ fixed: 1, each: 1 }, { fixed: 0, each: 3 }).left, [false, true]);
  assertEquals(join({ fixed: 10, each: 0.1 }, { fixed: 0, each: 3 }, true).left, [false, true]);
});

Deno.test("keepSpeeds() stores speeds by adapter and network", async () => {
  const adapter = `an adapter of this test, ${crypto.randomUUID()}`;
  const [gpu, cpu] = [{ fixed: 10, each: 1 }, { fixed: 0, each: 2 }];
  await keepSpeeds(adapter, { flops: 1, gpu, cpu });
  await keepSpeeds(adapter, { flops: 2, gpu, cpu });
  await keepSpeeds(adapter, { flops: 1, gpu: cpu, cpu });
  assertEquals(await keptSpeeds(adapter), [{ flops: 1, gpu: cpu, cpu }, { flops: 2, gpu, cpu }]);
});

gpuTest("device auto measures the GPU and the CPU once; describeAdapters() reports the result", async (adapter) => {
  using _ = asGpus();
  const model = tinyModel();
  const image = randomArray(3 * 20 ** 2, 1);
  for (let i = 0; i < 2; i++) {
    using executor = await AdaptiveExecutor.create(model, { device: "auto", batchSize: 4 });
    assertEquals((await executor.classify(image)).length, 1);
  }
  const title = titleOf({ name: "a GPU", backend: adapter.backend });
  const flops = model.network.exits.at(-1)!.cumulativeRunFlops;
  const kept = (await keptSpeeds(title)).filter((speeds) => speeds.flops === flops);
  assertEquals(kept.length, 1);
  const described = (await describeAdapters()).find(({ kind }) => kind === "gpu")!;
  assert(described.measured!.some((measured) => measured.flops === flops));
});
