/**
 * Tests the errors of a trainer on a device that is too small.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { type Adapter, requestDevice } from "../../../lib/device/webgpu/adapter.ts";
import { WebGpuTrainer } from "../../../lib/device/webgpu/trainer.ts";
import { RanetError } from "../../../lib/errors.ts";
import { randomTensors } from "../../fixtures.ts";
import { gpuTest, limitedDevice } from "../../gpu.ts";
import { NETWORKS } from "../../training_networks.ts";
import { randomBatch, trainerOptions } from "../training.ts";

const NETWORK = NETWORKS.get("coarsest scale twice")!;

/** Opens a trainer on an adapter with a limit on binding sizes, in bytes. */
async function open(adapter: Adapter, bytes: number): Promise<WebGpuTrainer> {
  const device = await requestDevice(adapter);
  const gpu = { limits: adapter.gpu.limits, requestDevice: () => Promise.resolve(limitedDevice(device, bytes)) };
  try {
    return await WebGpuTrainer.create(NETWORK, { tensors: randomTensors(NETWORK), momentum: new Map() }, {
      ...trainerOptions(NETWORK),
      adapter: { ...adapter, gpu: gpu as unknown as GPUAdapter },
    });
  } catch (error) {
    device.destroy();
    throw error;
  }
}

gpuTest("a training batch that exceeds the adapter's binding size is split", async (adapter) => {
  using whole = await open(adapter, 2 ** 27);
  using split = await open(adapter, 300_000);
  const { images, labels } = randomBatch(NETWORK);
  const [wanted, found] = [whole, split].map((trainer) => trainer.step(images, labels, { learningRate: 0.1 }));
  assertEquals(await found, await wanted);
});

gpuTest("training is refused if a single image does not fit", async (adapter) => {
  await assertRejects(() => open(adapter, 10_000), RanetError, "one image needs");
});
