/**
 * Choosing what a network is trained on.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { CpuTrainer } from "./cpu/trainer.ts";
import { type DeviceChoice, Fallback } from "./fallback.ts";
import { type Adapter, findAdapter, requireAdapter } from "./webgpu/adapter.ts";
import { openRemoteTrainer } from "./webgpu/remote.ts";
import { WebGpuTrainer } from "./webgpu/trainer.ts";
import { trainingSelfTest } from "./webgpu/training_self_test.ts";
import type { Trainer, TrainerOptions, TrainingState } from "./trainer.ts";

/**
 * Puts a network in training on a device.
 *
 * @param network What is trained.
 * @param state Where it starts; `momentum` may be empty.
 * @param options How; `device`: `auto` takes a real GPU that opens and computes rightly, else the CPU; `threads`: how many
 * the CPU uses, by default as many as there are cores; `onFallback`: told why `auto` takes the CPU in place of an adapter, by default
 * the console; `gpuWorker`: whether a GPU is driven from a worker where there may be one, so that the calling thread goes
 * on, by default yes.
 * @throws {RanetError} If the device is not there, or has too little memory for the batch: then it names the largest that
 * fits.
 */
export async function openTrainer(
  network: Network,
  state: TrainingState,
  { device, onFallback = console.warn, gpuWorker = true, ...options }: TrainerOptions & {
    readonly device: DeviceChoice;
    readonly threads?: number;
    readonly onFallback?: (message: string) => void;
    readonly gpuWorker?: boolean;
  },
): Promise<Trainer> {
  const trainers = new Fallback<Adapter, Trainer>({
    find: findAdapter,
    openGpu: async (found) => {
      const adapter = found ?? await requireAdapter();
      const remote = gpuWorker && await openRemoteTrainer(network, state, options);
      return remote || await WebGpuTrainer.create(network, state, { ...options, adapter, check: trainingSelfTest });
    },
    openCpu: () => CpuTrainer.create(network, state, options),
  }, { choice: device, say: onFallback });
  return await trainers.open();
}
