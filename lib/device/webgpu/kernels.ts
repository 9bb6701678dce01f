/**
 * The kernels, and their pipelines on one device. A pipeline is made once for each set of constants.
 *
 * @module
 */

import classifier from "../../../kernels/classifier/forward.wgsl" with { type: "text" };
import convolutionShared from "../../../kernels/convolution/forward-shared.wgsl" with { type: "text" };
import convolution from "../../../kernels/convolution/forward.wgsl" with { type: "text" };
import gate from "../../../kernels/gate.wgsl" with { type: "text" };
import maxPool from "../../../kernels/max-pool/forward.wgsl" with { type: "text" };
import resize from "../../../kernels/resize/forward.wgsl" with { type: "text" };
import relu from "../../../kernels/convolution/relu.wgsl" with { type: "text" };
import output from "../../../kernels/output.wgsl" with { type: "text" };
import wave from "../../../kernels/wave.wgsl" with { type: "text" };
import float16 from "../../../kernels/weights-float16.wgsl" with { type: "text" };
import float32 from "../../../kernels/weights-float32.wgsl" with { type: "text" };
import { MAX_WAVE } from "../../planner/waves.ts";
import { ARGUMENTS, argumentStruct, type KernelName } from "./arguments.ts";
import type { Precision } from "../precision.ts";
import { specializeKernel } from "./wgsl.ts";

const SOURCES = {
  classifier: classifier + wave,
  convolution: convolution + relu + output + wave,
  "convolution-shared": convolutionShared + relu + output + wave,
  gate,
  "max-pool": maxPool + output + wave,
  resize: resize + output + wave,
} satisfies Record<KernelName, string>;

const WEIGHTS: Readonly<Record<Precision, string>> = { float16, float32 };

/** The text of all kernels, before constants are put in. */
export const KERNEL_TEXT: string = JSON.stringify([SOURCES, WEIGHTS, ARGUMENTS]);

/** A kernel, as it is compiled. */
export interface Kernel {
  /** Its name. */
  readonly kernel: KernelName;
  /** Compiled in. */
  readonly constants: Readonly<Record<string, number>>;
}

/** What tells a kernel from others. */
export function kernelKey({ kernel, constants }: Kernel): string {
  return `${kernel} ${JSON.stringify(constants)}`;
}

/** A kernel's whole text. */
export function kernelCode({ kernel, constants }: Kernel, precision: Precision): string {
  const readsWeights = kernel.startsWith("convolution") || kernel === "classifier";
  const source = SOURCES[kernel] + (readsWeights ? WEIGHTS[precision] : "");
  return argumentStruct(ARGUMENTS[kernel]) + specializeKernel(source, { ...constants, MAX_WAVE });
}

/** Pipelines of one device. */
export class KernelCache {
  /** Bindings of a wave: arena, weights, remaining samples, arguments, logits. */
  readonly waveLayout: GPUBindGroupLayout;
  /** Bindings of the gate: logits, remaining samples, arguments. */
  readonly gateLayout: GPUBindGroupLayout;
  readonly #device: GPUDevice;
  readonly #precision: Precision;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  /** Makes the two layouts; pipelines come when asked for. */
  constructor(device: GPUDevice, precision: Precision) {
    this.#device = device;
    this.#precision = precision;
    this.waveLayout = this.#layout(["storage", "read-only-storage", "read-only-storage", "uniform", "storage"]);
    this.gateLayout = this.#layout(["read-only-storage", "storage", "uniform"]);
  }

  /** The pipeline of a kernel with these constants; several may be in the making at a time. */
  pipeline(kernel: Kernel): Promise<GPUComputePipeline> {
    const key = kernelKey(kernel);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      const code = kernelCode(kernel, this.#precision);
      this.#device.pushErrorScope("validation");
      const module = this.#device.createShaderModule({ label: key, code });
      const invalid = this.#device.popErrorScope();
      pipeline = this.#device.createComputePipelineAsync({
        label: key,
        layout: this.#device.createPipelineLayout({
          bindGroupLayouts: [kernel.kernel === "gate" ? this.gateLayout : this.waveLayout],
        }),
        compute: { module, entryPoint: "main" },
      }).catch(async (error) => {
        throw new Error((await invalid)?.message ?? error.message, { cause: error });
      });
      pipeline.catch(() => {}); // told to those who wait for it
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  #layout(types: readonly GPUBufferBindingType[]): GPUBindGroupLayout {
    return this.#device.createBindGroupLayout({
      entries: types.map((type, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type, hasDynamicOffset: type === "uniform" },
      })),
    });
  }
}
