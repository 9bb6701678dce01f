/**
 * Tests GPUs that are driven by a worker.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openTrainer } from "../../../lib/device/open_trainer.ts";
import { RanetError } from "../../../lib/errors.ts";
import { AdaptiveExecutor } from "../../../lib/executor/executor.ts";
import { randomArray, randomTensors, tinyModel } from "../../fixtures.ts";
import { gpuTest } from "../../gpu.ts";
import { NETWORKS } from "../../training_networks.ts";
import { randomBatch, trainerOptions } from "../training.ts";

const ROOT = new URL("../../../", import.meta.url);
const NETWORK = NETWORKS.get("stem with bias and max-pool")!;

/** Counts how often this thread waits for a GPU. */
function countWaits(): { readonly times: () => number } & Disposable {
  const { mapAsync } = GPUBuffer.prototype;
  let times = 0;
  GPUBuffer.prototype.mapAsync = function (...args) {
    times++;
    return mapAsync.apply(this, args);
  };
  return { times: () => times, [Symbol.dispose]: () => void (GPUBuffer.prototype.mapAsync = mapAsync) };
}

gpuTest("a GPU driven by a worker classifies like one in this thread, and does not block this thread", async () => {
  const model = tinyModel();
  const images = randomArray(7 * 3 * 20 ** 2, 2);
  const results = [];
  for (const gpuWorker of [false, true]) {
    using waits = countWaits();
    using executor = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: 4, gpuWorker });
    const { kind, name } = executor.device;
    results.push({ kind, name, logits: await executor.forward(images), exits: await executor.classify(images) });
    assertEquals(waits.times() === 0, gpuWorker);
  }
  assertEquals(results[1], results[0]);
});

gpuTest("a GPU driven by a worker trains like one in this thread, and does not block this thread", async () => {
  const state = { tensors: randomTensors(NETWORK), momentum: new Map() };
  const { images, labels } = randomBatch(NETWORK);
  const results = [];
  for (const gpuWorker of [false, true]) {
    using waits = countWaits();
    using trainer = await openTrainer(NETWORK, state, { ...trainerOptions(NETWORK), device: "gpu", gpuWorker });
    assertThrows(() => trainer.step(images, labels.map(() => 9), { learningRate: 0.1 }), RangeError, "label 9");
    const steps = [
      trainer.step(images, labels, { learningRate: 0.1 }),
      trainer.step(images, labels, { learningRate: 0.1 }),
    ];
    results.push({ bytes: trainer.bytes, state: await trainer.read(), losses: await Promise.all(steps) });
    assertEquals(waits.times() === 0, gpuWorker);
  }
  assertEquals(results[1], results[0]);
});

gpuTest("a disposed GPU worker rejects calls", async () => {
  const state = { tensors: randomTensors(NETWORK), momentum: new Map() };
  const trainer = await openTrainer(NETWORK, state, { ...trainerOptions(NETWORK), device: "gpu" });
  const { images, labels } = randomBatch(NETWORK);
  const step = trainer.step(images, labels, { learningRate: 0.1 });
  trainer[Symbol.dispose]();
  await assertRejects(() => step, RanetError, "disposed");
  await assertRejects(() => trainer.read(), RanetError, "disposed");
});

const SCRIPT = `import { AdaptiveExecutor, loadModel } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
const executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10-micro"), { device: "gpu", batchSize: 1 });
const [{ exit }] = await executor.classify(new Float32Array(3 * 32 * 32), { threshold: 0 });
console.log(exit);
`;

gpuTest("a script with a GPU worker needs no permission, and exits without disposing of its executor", async () => {
  const config = new URL("deno.json", ROOT).pathname;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, SCRIPT);
    for (const folders of [["specs", "weights"], ["specs", "weights", "lib", "kernels", "deno.json"]]) {
      const read = folders.map((name) => new URL(name, ROOT).pathname).join();
      const args = [
        "run",
        "--quiet",
        "--no-check",
        "--no-prompt",
        "--no-lock",
        "--config",
        config,
        `--allow-read=${read}`,
      ];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args, `${folder}/script.ts`] })
        .output();
      const errors = new TextDecoder().decode(stderr).split("\n").filter((line) => !/^$|XDG_RUNTIME_DIR/.test(line));
      assertEquals([new TextDecoder().decode(stdout), errors], ["1\n", []]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
