/**
 * The end of a training step: checks the losses, then updates the parameters.
 *
 * @module
 */

import { adamwCorrections, type OptimizerOptions, type TrainerOptions } from "../trainer.ts";
import { argumentBytes, encodeArguments } from "./arguments.ts";
import { MAX_WORKGROUPS } from "./tiles.ts";
import { OPTIMIZER_ARGUMENTS } from "./training_arguments.ts";
import type { Kernel } from "./kernels.ts";
import type { OptimizerKernelName, TrainingKernels } from "./training_kernels.ts";
import type { TrainingMemory } from "./training_memory.ts";

/** Workgroup size of the kernel that checks losses. */
const CHECK_LANES = 64;

/** Options of an update. */
export type UpdateOptions = Pick<TrainerOptions, "optimizer" | "emaDecay"> & {
  readonly learningRate: number;
  /** Number of earlier steps. */
  readonly step: number;
};

/** Dispatches of the optimiser. */
export class OptimizerCommands implements Disposable {
  readonly #gpu: GPUDevice;
  readonly #kernels: TrainingKernels;
  readonly #memory: TrainingMemory;
  readonly #lanes: number;
  /** The kernels that are dispatched. */
  readonly kernels: readonly Kernel<OptimizerKernelName>[];
  readonly #arguments: GPUBuffer;
  readonly #bindings: GPUBindGroup;
  #pipelines?: readonly GPUComputePipeline[];

  /**
   * Creates the bindings.
   *
   * @param options `lanes`: invocations in a workgroup; `optimizer`: the optimiser's options.
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

  /** Compiles the pipelines. */
  async prepare(): Promise<void> {
    this.#pipelines ??= await Promise.all(this.kernels.map((kernel) => this.#kernels.optimizer(kernel)));
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.#arguments.destroy();
  }

  /** Encodes an update, and uploads its arguments. */
  encode(pass: GPUComputePassEncoder, { optimizer, emaDecay, learningRate, step }: UpdateOptions): void {
    const { layout: { parameterQuads }, lossCount } = this.#memory;
    const args = encodeArguments(OPTIMIZER_ARGUMENTS, [{
      quads: parameterQuads,
      losses: lossCount,
      learningRate,
      decay: optimizer.weightDecay,
      emaDecay,
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

/** The arguments that only this kind of optimiser has. */
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
