/**
 * The end of a training step: losses are checked, then parameters change.
 *
 * @module
 */

import { adamwCorrections, type OptimizerOptions, type TrainerOptions } from "../trainer.ts";
import { argumentBytes, encodeArguments } from "./arguments.ts";
import { MAX_WORKGROUPS } from "./tiles.ts";
import { OPTIMIZER_ARGUMENTS } from "./trainer_arguments.ts";
import type { Kernel } from "./kernels.ts";
import type { OptimizerKernelName, TrainingKernels } from "./trainer_kernels.ts";
import type { TrainingMemory } from "./trainer_memory.ts";

/** Workgroup size of what checks the losses. */
const CHECK_LANES = 64;

/** How parameters change in a step. */
export type UpdateOptions = Pick<TrainerOptions, "optimizer" | "average"> & {
  readonly rate: number;
  /** Steps taken before. */
  readonly step: number;
};

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
   * @param options `lanes`: invocations in a workgroup; `optimizer`: what changes parameters.
   */
  constructor(gpu: GPUDevice, options: {
    readonly kernels: TrainingKernels;
    readonly memory: TrainingMemory;
    readonly lanes: number;
    readonly optimizer: OptimizerOptions;
  }) {
    const { kernels, memory, lanes, optimizer: { kind } } = options;
    this.#gpu = gpu;
    this.#kernels = kernels;
    this.#memory = memory;
    this.#lanes = lanes;
    this.kernels = [{ kernel: "check", constants: { LANES: CHECK_LANES } }, {
      kernel: kind,
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
  encode(pass: GPUComputePassEncoder, { optimizer, average, rate, step }: UpdateOptions): void {
    const { layout: { parameterQuads }, lossCount } = this.#memory;
    const args = encodeArguments(OPTIMIZER_ARGUMENTS, [{
      quads: parameterQuads,
      losses: lossCount,
      rate,
      decay: optimizer.weightDecay,
      average,
      ...ownArguments(optimizer, step),
    }]);
    this.#gpu.queue.writeBuffer(this.#arguments, 0, args);
    const [check, update] = this.#pipelines!;
    pass.setBindGroup(0, this.#bindings, [0]);
    pass.setPipeline(check);
    pass.dispatchWorkgroups(1);
    pass.setPipeline(update);
    pass.dispatchWorkgroups(Math.min(Math.ceil(parameterQuads / this.#lanes), MAX_WORKGROUPS));
  }
}

/** What an optimiser of this kind is told. */
function ownArguments(
  optimizer: OptimizerOptions,
  step: number,
): Record<"momentum" | "nesterov" | "keepSquare" | "epsilon" | "first" | "second", number> {
  switch (optimizer.kind) {
    case "sgd": {
      const { momentum, nesterov } = optimizer;
      return { momentum, nesterov: Number(nesterov), keepSquare: 0, epsilon: 0, first: 1, second: 1 };
    }
    case "adamw": {
      const { betas: [momentum, keepSquare], epsilon } = optimizer;
      return { momentum, nesterov: 0, keepSquare, epsilon, ...adamwCorrections(optimizer, step) };
    }
  }
}
