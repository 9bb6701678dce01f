/**
 * The kernels of training, and their pipelines on one device.
 *
 * @module
 */

import classifierInputGradient from "../../../kernels/classifier/input-gradient.wgsl" with { type: "text" };
import classifierWeightGradient from "../../../kernels/classifier/weight-gradient.wgsl" with { type: "text" };
import depthwiseInputGradient from "../../../kernels/depthwise/input-gradient.wgsl" with { type: "text" };
import depthwiseWeightGradient from "../../../kernels/depthwise/weight-gradient.wgsl" with { type: "text" };
import excitationGatesGradient from "../../../kernels/excitation/gates-gradient.wgsl" with { type: "text" };
import excitationGradient from "../../../kernels/excitation/gradient.wgsl" with { type: "text" };
import excitationGate from "../../../kernels/excitation/gate.wgsl" with { type: "text" };
import inputGradient from "../../../kernels/convolution/input-gradient.wgsl" with { type: "text" };
import reluGradient from "../../../kernels/convolution/relu-gradient.wgsl" with { type: "text" };
import activation from "../../../kernels/activation.wgsl" with { type: "text" };
import weightGradient from "../../../kernels/convolution/weight-gradient.wgsl" with { type: "text" };
import maxPoolGradient from "../../../kernels/max-pool/gradient.wgsl" with { type: "text" };
import norm from "../../../kernels/norm/forward.wgsl" with { type: "text" };
import normGradient from "../../../kernels/norm/gradient.wgsl" with { type: "text" };
import normMerge from "../../../kernels/norm/merge.wgsl" with { type: "text" };
import passed from "../../../kernels/norm/passed.wgsl" with { type: "text" };
import scale from "../../../kernels/norm/scale.wgsl" with { type: "text" };
import normStatistics from "../../../kernels/norm/statistics.wgsl" with { type: "text" };
import normSums from "../../../kernels/norm/sums.wgsl" with { type: "text" };
import output from "../../../kernels/output.wgsl" with { type: "text" };
import resizeGradient from "../../../kernels/resize/gradient.wgsl" with { type: "text" };
import squeezeGradient from "../../../kernels/squeeze/gradient.wgsl" with { type: "text" };
import bindings from "../../../kernels/training/bindings.wgsl" with { type: "text" };
import check from "../../../kernels/training/check.wgsl" with { type: "text" };
import dropout from "../../../kernels/training/dropout.wgsl" with { type: "text" };
import loss from "../../../kernels/training/loss.wgsl" with { type: "text" };
import adamw from "../../../kernels/training/adamw.wgsl" with { type: "text" };
import sgd from "../../../kernels/training/sgd.wgsl" with { type: "text" };
import update from "../../../kernels/training/update.wgsl" with { type: "text" };
import storeGradient from "../../../kernels/training/store-gradient.wgsl" with { type: "text" };
import sum from "../../../kernels/training/sum.wgsl" with { type: "text" };
import zero from "../../../kernels/training/zero.wgsl" with { type: "text" };
import wave from "../../../kernels/wave.wgsl" with { type: "text" };
import weights from "../../../kernels/weights-float32.wgsl" with { type: "text" };
import { ARGUMENTS, argumentStruct, type KernelName } from "./arguments.ts";
import { type Kernel, KERNEL_TEXT, kernelCode, kernelKey, WAVE_BINDINGS } from "./kernels.ts";
import { bindingsLayout, PipelineCache } from "./pipelines.ts";
import { OPTIMIZER_ARGUMENTS, TRAINING_ARGUMENTS, type TrainingKernelName } from "./training_arguments.ts";
import { specializeKernel } from "./wgsl.ts";

const SOURCES = {
  "norm-statistics": normStatistics,
  "norm-merge": normMerge,
  "norm": norm + scale + weights + activation + output,
  "norm-sums": normSums + scale + weights + passed,
  "norm-gradient": normGradient + scale + weights + passed,
  "relu-gradient": reluGradient + output,
  "zero": zero + output,
  "weight-gradient": weightGradient,
  "sum": sum,
  "input-gradient": inputGradient + weights + storeGradient + output,
  "depthwise-weight-gradient": depthwiseWeightGradient,
  "depthwise-input-gradient": depthwiseInputGradient + weights + storeGradient + output,
  "squeeze-gradient": squeezeGradient + storeGradient + output,
  "excitation-gradient": excitationGradient + excitationGate + storeGradient + output,
  "excitation-gates-gradient": excitationGatesGradient + excitationGate + storeGradient + output,
  "max-pool-gradient": maxPoolGradient + storeGradient + output,
  "resize-gradient": resizeGradient + storeGradient + output,
  "dropout": dropout + output,
  "loss": loss,
  "classifier-weight-gradient": classifierWeightGradient,
  "classifier-input-gradient": classifierInputGradient + weights + storeGradient + output,
} satisfies Record<TrainingKernelName, string>;

const OPTIMIZER_SOURCES = { check, sgd: update + sgd, adamw: update + adamw };

/** The source of all kernels of training, before constants are inserted. */
export const TRAINING_TEXT: string = JSON.stringify([
  KERNEL_TEXT,
  SOURCES,
  [wave, bindings],
  TRAINING_ARGUMENTS,
  OPTIMIZER_SOURCES,
  OPTIMIZER_ARGUMENTS,
]);

/** Names of the kernels that run once per step, after all others. */
export type OptimizerKernelName = keyof typeof OPTIMIZER_SOURCES;

/** A kernel's complete source; a step is one dispatch. */
export function trainingKernelCode({ kernel, constants }: Kernel<TrainingKernelName>): string {
  const source = SOURCES[kernel] + wave + bindings;
  return argumentStruct(TRAINING_ARGUMENTS[kernel]) + specializeKernel(source, { ...constants, MAX_WAVE: 1 });
}

/** A kernel's complete source. */
export function optimizerKernelCode({ kernel, constants }: Kernel<OptimizerKernelName>): string {
  return argumentStruct(OPTIMIZER_ARGUMENTS) + specializeKernel(OPTIMIZER_SOURCES[kernel], constants);
}

/** Training's pipelines on one device. */
export class TrainingKernels {
  /** Bindings of a micro-batch: arena, parameters, samples, arguments, logits. */
  readonly microBatchLayout: GPUBindGroupLayout;
  /** Bindings of the batch: partial sums, gradients, labels, losses. */
  readonly batchLayout: GPUBindGroupLayout;
  /**
   * Bindings of the optimiser: parameters, gradients, velocities, averages, rules, losses, whether training stopped,
   * arguments.
   */
  readonly optimizerLayout: GPUBindGroupLayout;
  readonly #pipelines: PipelineCache;

  /** Creates the layouts. Pipelines are created when they are first needed. */
  constructor(device: GPUDevice) {
    this.#pipelines = new PipelineCache(device);
    this.microBatchLayout = bindingsLayout(device, WAVE_BINDINGS);
    this.batchLayout = bindingsLayout(device, ["storage", "storage", "read-only-storage", "storage"]);
    this.optimizerLayout = bindingsLayout(device, [
      "storage",
      "read-only-storage",
      "storage",
      "storage",
      "read-only-storage",
      "read-only-storage",
      "storage",
      "uniform",
    ]);
  }

  /** The pipeline of a kernel that runs over a micro-batch or the batch. */
  pipeline(kernel: Kernel<KernelName | TrainingKernelName>): Promise<GPUComputePipeline> {
    return this.#pipelines.get(kernelKey(kernel), {
      code: () => isInference(kernel) ? kernelCode(kernel, "float32", 1) : trainingKernelCode(kernel as TrainingKernel),
      layouts: [this.microBatchLayout, this.batchLayout],
    });
  }

  /** The pipeline of a kernel that runs once per step. */
  optimizer(kernel: Kernel<OptimizerKernelName>): Promise<GPUComputePipeline> {
    return this.#pipelines.get(kernelKey(kernel), {
      code: () => optimizerKernelCode(kernel),
      layouts: [this.optimizerLayout],
    });
  }
}

type TrainingKernel = Kernel<TrainingKernelName>;

function isInference(kernel: Kernel<string>): kernel is Kernel {
  return kernel.kernel in ARGUMENTS;
}
