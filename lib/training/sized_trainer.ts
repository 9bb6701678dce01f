/**
 * A trainer whose images change their size during a run. Kernels are compiled for one size, so another trainer takes
 * over the state.
 *
 * @module
 */

import type { DeviceInfo } from "../device/runner.ts";
import type { StepLosses, StepOptions, Trainer, TrainingState } from "../device/trainer.ts";
import { inputSize } from "../network/common.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import type { Network } from "../network/network.ts";
import { isSameSize, type Size } from "../network/size.ts";
import { networkAt } from "./sizes.ts";

/** Opens a trainer for a network. */
export type OpenTrainer = (network: Network, state: TrainingState) => Promise<Trainer>;

/** A trainer for images of any size that the network can take. */
export class SizedTrainer implements Trainer {
  /** Bytes of memory with images of full size. */
  readonly bytes: number;
  readonly #spec: ArchitectureSpec;
  readonly #reopen: OpenTrainer;
  #current: Trainer;
  #size: Size;

  /**
   * @param spec The architecture.
   * @param trainer Its trainer for images of full size: if there is too little memory for them, that is known at the
   * start.
   * @param reopen Opens a trainer on the same device.
   */
  constructor(spec: ArchitectureSpec, trainer: Trainer, reopen: OpenTrainer) {
    this.#spec = spec;
    this.#reopen = reopen;
    this.#current = trainer;
    this.#size = inputSize(spec.input);
    this.bytes = trainer.bytes;
  }

  /** The device that it runs on. */
  get device(): DeviceInfo {
    return this.#current.device;
  }

  /**
   * Sets the size of the images of the following steps.
   *
   * @throws {RanetError} If the network cannot take images of that size.
   */
  async use(size: Size): Promise<void> {
    if (isSameSize(size, this.#size)) return;
    const network = networkAt(this.#spec, size);
    const state = await this.#current.read();
    this.#current[Symbol.dispose]();
    this.#current = await this.#reopen(network, state);
    this.#size = size;
  }

  /** Takes a step with images of the size in use. */
  step(images: Float32Array, labels: Uint32Array, options: StepOptions): Promise<StepLosses> {
    return this.#current.step(images, labels, options);
  }

  /** The state after all steps called so far. */
  read(): Promise<TrainingState> {
    return this.#current.read();
  }

  /** Frees the device's memory. */
  [Symbol.dispose](): void {
    this.#current[Symbol.dispose]();
  }
}
