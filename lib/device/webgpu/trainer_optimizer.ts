/**
 * The end of a training step: losses are checked, then parameters change.
 *
 * @module
 */

import type { TrainerOptions } from "../trainer.ts";
import { argumentBytes, encodeArguments } from "./arguments.ts";
import { MAX_WORKGROUPS } from "./tiles.ts";
import { OPTIMIZER_ARGUMENTS } from "./trainer_arguments.ts";
import type { Kernel } from "./kernels.ts";
import type { OptimizerKernelName, TrainingKernels } from "./trainer_kernels.ts";
import type { TrainingMemory } from "./trainer_memory.ts";

/** Workgroup size of what checks the losses. */
const CHECK_LANES = 64;

/** How parameters change in a step. */
export type UpdateOptions = Pick<TrainerOptions, "optimizer" | "average"> & { readonly rate: number };

/** Dispatches of the optimiser. */
export class OptimizerCommands implements Disposable {
  readonly #gpu: GPUDevice;
  readonly #kernels: TrainingKernels;
  readonly #memory: TrainingMemory;
  readonly #lanes: number;
  /** What is dispatched. */
  readonly kernels: readonly Kernel<OptimizerKernelName>[];
  readonly #arguments: GPUBuffer;
  readonly #bindings: GPUBindGroup;
  #pipelines?: readonly GPUComputePipeline[];

  /**
   * Makes bindings.
   *
   * @param options `lanes`: invocations in a workgroup.
   */
  constructor(gpu: GPUDevice, options: {
    readonly kernels: TrainingKernels;
    readonly memory: TrainingMemory;
    readonly lanes: number;
  }) {
    const { kernels, memory, lanes } = options;
    this.#gpu = gpu;
    this.#kernels = kernels;
    this.#memory = memory;
    this.#lanes = lanes;
    this.kernels = [{ kernel: "check", constants: { LANES: CHECK_LANES } }, {
      kernel: "sgd",
      constants: { LANES: lanes },
    }];
    this.#arguments = gpu.createBuffer({
      label: "optimiser's arguments",
      size: argumentBytes(OPTIMIZER_ARGUMENTS),
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#bindings = memory.bindOptimizer(kernels, this.#arguments);
  }

  /** Makes the pipelines. */
  async prepare(): Promise<void> {
    this.#pipelines ??= await Promise.all(this.kernels.map((kernel) => this.#kernels.optimizer(kernel)));
  }

  /** Gives its memory back. */
  [Symbol.dispose](): void {
    this.#arguments.destroy();
  }

  /** Encodes an update, and sends its arguments. */
  encode(pass: GPUComputePassEncoder, { optimizer, average, rate }: UpdateOptions): void {
    const { layout: { parameterQuads }, lossCount } = this.#memory;
    const args = encodeArguments(OPTIMIZER_ARGUMENTS, [{
      quads: parameterQuads,
      losses: lossCount,
      rate,
      momentum: optimizer.momentum,
      decay: optimizer.weightDecay,
      nesterov: Number(optimizer.nesterov),
      average,
    }]);
    this.#gpu.queue.writeBuffer(this.#arguments, 0, args);
    const [check, sgd] = this.#pipelines!;
    pass.setBindGroup(0, this.#bindings, [0]);
    pass.setPipeline(check);
    pass.dispatchWorkgroups(1);
    pass.setPipeline(sgd);
    pass.dispatchWorkgroups(Math.min(Math.ceil(parameterQuads / this.#lanes), MAX_WORKGROUPS));
  }
}
