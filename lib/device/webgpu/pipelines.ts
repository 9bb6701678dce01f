/**
 * Pipelines on one device, each created once.
 *
 * @module
 */

/** The source of a pipeline. */
export interface PipelineSource {
  /** Its kernel's complete source. */
  readonly code: () => string;
  /** Its bindings. */
  readonly layouts: readonly GPUBindGroupLayout[];
}

/** Creates and keeps pipelines. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  /** Creates an empty cache. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The pipeline with this name. Several may be compiled at the same time. */
  get(name: string, source: PipelineSource): Promise<GPUComputePipeline> {
    let pipeline = this.#pipelines.get(name);
    if (!pipeline) {
      pipeline = this.#make(name, source);
      pipeline.catch(() => {}); // reported to those who wait for it
      this.#pipelines.set(name, pipeline);
    }
    return pipeline;
  }

  #make(label: string, { code, layouts }: PipelineSource): Promise<GPUComputePipeline> {
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ label, code: code() });
    const invalid = this.#device.popErrorScope();
    return this.#device.createComputePipelineAsync({
      label,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [...layouts] }),
      compute: { module, entryPoint: "main" },
    }).catch(async (error) => {
      throw new Error((await invalid)?.message ?? error.message, { cause: error });
    });
  }
}

/** Bindings of a compute kernel, in order; uniforms have dynamic offsets. */
export function bindingsLayout(device: GPUDevice, types: readonly GPUBufferBindingType[]): GPUBindGroupLayout {
  return device.createBindGroupLayout({
    entries: types.map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type, hasDynamicOffset: type === "uniform" },
    })),
  });
}

/** Binds buffers in order. */
export function bindBuffers(
  device: GPUDevice,
  layout: GPUBindGroupLayout,
  bound: readonly (GPUBuffer | GPUBufferBinding)[],
): GPUBindGroup {
  return device.createBindGroup({
    layout,
    entries: bound.map((entry, binding) => ({ binding, resource: "buffer" in entry ? entry : { buffer: entry } })),
  });
}
