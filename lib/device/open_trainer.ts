/**
 * Choosing what a network is trained on.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { CpuTrainer } from "./cpu/trainer.ts";
import type { DeviceChoice } from "./fallback.ts";
import { findAdapter, requireAdapter } from "./webgpu/adapter.ts";
import { WebGpuTrainer } from "./webgpu/trainer.ts";
import type { Trainer, TrainerOptions, TrainingState } from "./trainer.ts";

/**
 * Puts a network in training on a device.
 *
 * @param network What is trained.
 * @param state Where it starts; `momentum` may be empty.
 * @param options How; `device`: `auto` takes a real GPU, else the CPU; `threads`: how many the CPU uses, by default as
 * many as there are cores.
 * @throws {RanetError} If the device is not there, or has too little memory for the batch: then it names the largest that
 * fits.
 */
export async function openTrainer(
  network: Network,
  state: TrainingState,
  options: TrainerOptions & { readonly device: DeviceChoice; readonly threads?: number },
): Promise<Trainer> {
  const { device } = options;
  const adapter = device === "cpu" ? undefined : device === "gpu" ? await requireAdapter() : await findAdapter();
  if (adapter && !(device === "auto" && adapter.isCpu)) {
    return await WebGpuTrainer.create(network, state, { ...options, adapter });
  }
  return await CpuTrainer.create(network, state, options);
}
