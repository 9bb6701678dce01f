/**
 * Chooses the device that trains a network.
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
 * Opens a trainer for a network on a device.
 *
 * @param network The network to train.
 * @param state Its initial state; `momentum` may be empty.
 * @param options How to train. `device`: `auto` uses a hardware GPU that works correctly, otherwise the CPU. `threads`:
 * for the CPU, by default one per core. `onFallback`: receives the reason why `auto` uses the CPU instead of an
 * adapter, by default it goes to the console. `gpuWorker`: whether a worker drives the GPU, where workers are
 * available, so that the calling thread is not blocked; by default yes.
 * @throws {RanetError} If there is no such device, or it has too little memory for the batch; the message says which
 * batch fits.
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
