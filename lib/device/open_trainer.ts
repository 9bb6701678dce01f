/**
 * Choosing what a network is trained on.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import { CpuTrainer } from "./cpu/trainer.ts";
import type { DeviceChoice } from "./fallback.ts";
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
  if (options.device === "gpu") {
    throw new RanetError(`Cannot train ${network.spec.name} on the GPU: only the CPU can yet. Use --device cpu.`);
  }
  return await CpuTrainer.create(network, state, options);
}
