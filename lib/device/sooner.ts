/**
 * Combines a GPU and the CPU into one runner: each batch runs on the device that is faster for its size.
 *
 * @module
 */

import type { DeviceInfo, Runner, StageRange, StageResults } from "./runner.ts";
import { smallestGpuBatch, type Speeds } from "./speeds.ts";

/**
 * Combines two runners of a plan.
 *
 * @param speeds Their measured speeds.
 * @param options `together`: whether all batches run on one device, the one that is faster for full batches, so that
 * all results are rounded the same way.
 * @returns A runner that owns both. If one of them is never faster, it is disposed of and the other is returned.
 */
export function joinRunners(
  { gpu, cpu }: { readonly gpu: Runner; readonly cpu: Runner },
  speeds: Speeds,
  { together }: { readonly together: boolean },
): Runner {
  const batchSize = Math.min(gpu.batchSize, cpu.batchSize);
  const smallest = smallestGpuBatch(speeds);
  if (smallest > (together ? Math.max(gpu.batchSize, cpu.batchSize) : batchSize)) {
    gpu[Symbol.dispose]();
    return cpu;
  }
  if (smallest <= 1 || together) {
    cpu[Symbol.dispose]();
    return gpu;
  }
  return new SoonerRunner({ gpu, cpu }, { batchSize, smallest });
}

class SoonerRunner implements Runner {
  readonly batchSize: number;
  readonly #gpu: Runner;
  readonly #cpu: Runner;
  readonly #smallest: number;
  #current: Runner;

  constructor(
    { gpu, cpu }: { readonly gpu: Runner; readonly cpu: Runner },
    { batchSize, smallest }: { readonly batchSize: number; readonly smallest: number },
  ) {
    this.batchSize = batchSize;
    this.#gpu = gpu;
    this.#cpu = cpu;
    this.#smallest = smallest;
    this.#current = gpu;
  }

  /** The device of the batch that was loaded last. */
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
