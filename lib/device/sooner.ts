/**
 * A GPU and the CPU as one runner: each batch goes to the one that is sooner done with so many samples.
 *
 * @module
 */

import type { DeviceInfo, Runner, StageRange, StageResults } from "./runner.ts";
import { smallestGpuBatch, type Speeds } from "./speeds.ts";

/**
 * Joins two runners of a plan.
 *
 * @param speeds What they have been measured at.
 * @param options `together`: whether all batches go to one device, the one that is sooner done with full ones, so that all
 * are rounded alike.
 * @returns A runner, which owns both; or one of them, where the other is never sooner done and has been disposed of.
 */
export function joinRunners(
  { gpu, cpu }: { readonly gpu: Runner; readonly cpu: Runner },
  speeds: Speeds,
  { together }: { readonly together: boolean },
): Runner {
  const capacity = Math.min(gpu.capacity, cpu.capacity);
  const smallest = smallestGpuBatch(speeds);
  if (smallest > (together ? Math.max(gpu.capacity, cpu.capacity) : capacity)) {
    gpu[Symbol.dispose]();
    return cpu;
  }
  if (smallest <= 1 || together) {
    cpu[Symbol.dispose]();
    return gpu;
  }
  return new SoonerRunner({ gpu, cpu }, { capacity, smallest });
}

class SoonerRunner implements Runner {
  readonly capacity: number;
  readonly #gpu: Runner;
  readonly #cpu: Runner;
  readonly #smallest: number;
  #current: Runner;

  constructor(
    { gpu, cpu }: { readonly gpu: Runner; readonly cpu: Runner },
    { capacity, smallest }: { readonly capacity: number; readonly smallest: number },
  ) {
    this.capacity = capacity;
    this.#gpu = gpu;
    this.#cpu = cpu;
    this.#smallest = smallest;
    this.#current = gpu;
  }

  /** What has the batch that was loaded last. */
  get device(): DeviceInfo {
    return this.#current.device;
  }

  load(images: Float32Array, count: number): void | Promise<void> {
    this.#current = count < this.#smallest ? this.#cpu : this.#gpu;
    return this.#current.load(images, count);
  }

  run(range: StageRange): Promise<StageResults> {
    return this.#current.run(range);
  }

  [Symbol.dispose](): void {
    this.#gpu[Symbol.dispose]();
    this.#cpu[Symbol.dispose]();
  }
}
