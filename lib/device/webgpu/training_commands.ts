/**
 * Turns steps of training into dispatches that can be encoded.
 *
 * @module
 */

import type { TrainingStep } from "../../planner/training_plan.ts";
import type { KernelName } from "./arguments.ts";
import type { Kernel } from "./kernels.ts";
import type { TrainingKernelName } from "./training_arguments.ts";
import { type DeviceBatch, trainingDispatches } from "./training_dispatch.ts";
import type { TrainingKernels } from "./training_kernels.ts";
import { ARGUMENT_BYTES, type TrainingMemory } from "./training_memory.ts";

interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** Dispatches of some steps, for batches of one number of samples at a time. */
export class TrainingCommands implements Disposable {
  readonly #gpu: GPUDevice;
  readonly #kernels: TrainingKernels;
  readonly #memory: TrainingMemory;
  readonly #steps: readonly TrainingStep[];
  readonly #arguments: GPUBuffer;
  readonly #microBatches: readonly GPUBindGroup[];
  readonly #batch: GPUBindGroup;
  readonly #batchSize: number;
  #commands: readonly Command[] = [];
  #count = 0;

  /**
   * Creates the bindings.
   *
   * @param batchSize Most samples.
   */
  constructor(gpu: GPUDevice, options: {
    readonly kernels: TrainingKernels;
    readonly memory: TrainingMemory;
    readonly steps: readonly TrainingStep[];
    readonly batchSize: number;
  }) {
    const { kernels, memory, steps, batchSize } = options;
    this.#gpu = gpu;
    this.#kernels = kernels;
    this.#memory = memory;
    this.#steps = steps;
    this.#batchSize = batchSize;
    this.#arguments = gpu.createBuffer({
      label: "arguments",
      size: ARGUMENT_BYTES * this.#dispatches(memory.batch(batchSize)).length,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#microBatches = memory.bindMicroBatches(kernels, this.#arguments);
    this.#batch = memory.bindBatch(kernels);
  }

  /** The kernels that are dispatched, for any number of samples. */
  get kernels(): readonly Kernel<KernelName | TrainingKernelName>[] {
    return this.#dispatches(this.#memory.batch(this.#batchSize));
  }

  /** Bytes of the arguments. */
  get bytes(): number {
    return this.#arguments.size;
  }

  /** Prepares for batches of `count` samples. Earlier submissions are not affected. */
  async prepare(count: number): Promise<void> {
    if (count === this.#count) return;
    const dispatches = this.#dispatches(this.#memory.batch(count));
    const pipelines = await Promise.all(dispatches.map((dispatch) => this.#kernels.pipeline(dispatch)));
    const args = new Uint8Array(ARGUMENT_BYTES * dispatches.length);
    dispatches.forEach((dispatch, i) => args.set(dispatch.args, ARGUMENT_BYTES * i));
    this.#gpu.queue.writeBuffer(this.#arguments, 0, args);
    this.#commands = dispatches.map(({ microBatch, workgroups }, i) => (
      { pipeline: pipelines[i], bindings: this.#microBatches[microBatch], workgroups }
    ));
    this.#count = count;
  }

  /** Encodes the steps, for the number of samples last prepared for. */
  encode(pass: GPUComputePassEncoder): void {
    pass.setBindGroup(1, this.#batch);
    this.#commands.forEach(({ pipeline, bindings, workgroups }, i) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindings, [ARGUMENT_BYTES * i]);
      pass.dispatchWorkgroups(...workgroups);
    });
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.#arguments.destroy();
  }

  #dispatches(batch: DeviceBatch) {
    return this.#steps.flatMap((step) => trainingDispatches(step, batch));
  }
}
