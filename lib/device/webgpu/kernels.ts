/**
 * The kernels of inference, and their pipelines on one device. A pipeline is created once for each set of constants.
 *
 * @module
 */

import convolutionFloats from "../../../kernels/convolution/floats.wgsl" with { type: "text" };
import convolutionSteps from "../../../kernels/convolution/steps.wgsl" with { type: "text" };
import convolutionWhole from "../../../kernels/convolution/whole.wgsl" with { type: "text" };
import resizeFloats from "../../../kernels/resize/floats.wgsl" with { type: "text" };
import excitationFloats from "../../../kernels/excitation/floats.wgsl" with { type: "text" };
import excitationSteps from "../../../kernels/excitation/steps.wgsl" with { type: "text" };
import squeezeFloats from "../../../kernels/squeeze/floats.wgsl" with { type: "text" };
import squeezeSteps from "../../../kernels/squeeze/steps.wgsl" with { type: "text" };
import resizeSteps from "../../../kernels/resize/steps.wgsl" with { type: "text" };
import classifier from "../../../kernels/classifier/forward.wgsl" with { type: "text" };
import convolutionShared from "../../../kernels/convolution/forward-shared.wgsl" with { type: "text" };
import convolution from "../../../kernels/convolution/forward.wgsl" with { type: "text" };
import depthwise from "../../../kernels/depthwise/forward.wgsl" with { type: "text" };
import excitation from "../../../kernels/excitation/forward.wgsl" with { type: "text" };
import excitationGate from "../../../kernels/excitation/gate.wgsl" with { type: "text" };
import gate from "../../../kernels/gate.wgsl" with { type: "text" };
import maxPool from "../../../kernels/max-pool/forward.wgsl" with { type: "text" };
import resize from "../../../kernels/resize/forward.wgsl" with { type: "text" };
import squeeze from "../../../kernels/squeeze/forward.wgsl" with { type: "text" };
import activation from "../../../kernels/activation.wgsl" with { type: "text" };
import output from "../../../kernels/output.wgsl" with { type: "text" };
import wave from "../../../kernels/wave.wgsl" with { type: "text" };
import float16 from "../../../kernels/weights-float16.wgsl" with { type: "text" };
import float32 from "../../../kernels/weights-float32.wgsl" with { type: "text" };
import { MAX_WAVE } from "../../planner/waves.ts";
import { ARGUMENTS, argumentStruct, type KernelName } from "./arguments.ts";
import type { Precision } from "../precision.ts";
import { bindingsLayout, PipelineCache } from "./pipelines.ts";
import { specializeKernel } from "./wgsl.ts";

const SOURCES = {
  classifier: classifier + wave,
  convolution: convolution + output + wave,
  "convolution-shared": convolutionShared + output + wave,
  depthwise: depthwise + output + wave,
  squeeze: squeeze + output + wave,
  excitation: excitation + output + wave,
  gate,
  "max-pool": maxPool + output + wave,
  resize: resize + output + wave,
} satisfies Record<KernelName, string>;

/**
 * Arithmetic of a kernel: floats; 8-bit models with integers stored in floats (`steps`); or with integer sums, if these
 * are too large for floats (`whole`).
 */
export type Arithmetic = "floats" | "steps" | "whole";

/** The parts of kernels that depend on the arithmetic. */
const CONVOLUTION_PARTS: Readonly<Record<Arithmetic, string>> = {
  floats: convolutionFloats + activation,
  steps: convolutionSteps,
  whole: convolutionWhole,
};
const ARITHMETIC: Readonly<Partial<Record<KernelName, Readonly<Partial<Record<Arithmetic, string>>>>>> = {
  convolution: CONVOLUTION_PARTS,
  "convolution-shared": CONVOLUTION_PARTS,
  depthwise: CONVOLUTION_PARTS,
  squeeze: { floats: squeezeFloats, steps: squeezeSteps },
  excitation: { floats: excitationFloats + excitationGate, steps: excitationSteps },
  resize: { floats: resizeFloats, steps: resizeSteps },
};

const WEIGHTS: Readonly<Record<Precision, string>> = { float16, float32 };

/** The source of all kernels, before constants are inserted. */
export const KERNEL_TEXT: string = JSON.stringify([SOURCES, ARITHMETIC, WEIGHTS, ARGUMENTS]);

/** A kernel with its constants. */
export interface Kernel<Name extends string = KernelName> {
  /** Its name. */
  readonly kernel: Name;
  /** Constants that are compiled into it. */
  readonly constants: Readonly<Record<string, number>>;
  /** Its arithmetic. Default: floats. */
  readonly arithmetic?: Arithmetic;
}

/** A key that identifies a kernel with its constants. */
export function kernelKey({ kernel, constants, arithmetic = "floats" }: Kernel<string>): string {
  return `${kernel} ${arithmetic} ${JSON.stringify(constants)}`;
}

/** Bindings of a wave: arena, weights, remaining samples, arguments, logits. */
export const WAVE_BINDINGS: readonly GPUBufferBindingType[] = [
  "storage",
  "read-only-storage",
  "read-only-storage",
  "uniform",
  "storage",
];

/** The complete source of a kernel. */
export function kernelCode(
  { kernel, constants, arithmetic = "floats" }: Kernel,
  precision: Precision,
  maxWave: number = MAX_WAVE,
): string {
  const source = SOURCES[kernel] + (ARITHMETIC[kernel]?.[arithmetic] ?? "");
  const whole = source + (source.includes("weight(") ? WEIGHTS[precision] : "");
  return argumentStruct(ARGUMENTS[kernel]) + specializeKernel(whole, { ...constants, MAX_WAVE: maxWave });
}

/** Inference's pipelines on one device. */
export class KernelCache {
  /** Bindings of a wave: arena, weights, remaining samples, arguments, logits. */
  readonly waveLayout: GPUBindGroupLayout;
  /** Bindings of the gate: logits, remaining samples, arguments. */
  readonly gateLayout: GPUBindGroupLayout;
  readonly #pipelines: PipelineCache;
  readonly #precision: Precision;

  /** Creates the two layouts. Pipelines are created when they are first needed. */
  constructor(device: GPUDevice, precision: Precision) {
    this.#pipelines = new PipelineCache(device);
    this.#precision = precision;
    this.waveLayout = bindingsLayout(device, WAVE_BINDINGS);
    this.gateLayout = bindingsLayout(device, ["read-only-storage", "storage", "uniform"]);
  }

  /** The pipeline of a kernel with these constants. Several may be compiled at the same time. */
  pipeline(kernel: Kernel): Promise<GPUComputePipeline> {
    return this.#pipelines.get(kernelKey(kernel), {
      code: () => kernelCode(kernel, this.#precision),
      layouts: [kernel.kernel === "gate" ? this.gateLayout : this.waveLayout],
    });
  }
}
