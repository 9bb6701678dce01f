/**
 * The CPU runner's memory: zeros, an arena per sample, then the weights of one layer after another.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { type ClassifierStep, type ConvolutionStep, type Plan, QUAD_BYTES, quadsOf } from "../../planner/plan.ts";

/** Bytes in a page of WebAssembly memory. */
const PAGE_BYTES = 2 ** 16;
/** WebAssembly's addresses have 32 bits. */
const MAX_PAGES = 2 ** 16;
/** Most quads of a batch: as many as every WebGPU device binds. More are no faster. */
const MAX_BATCH_QUADS = 2 ** 27 / QUAD_BYTES;
/** Output channels that kernels/convolution/forward.as computes together. */
const PANEL = 8;

type WeightStep = ConvolutionStep | ClassifierStep;

/** Memory that holds weights and samples; offsets are quads. */
export class CpuMemory {
  /** Samples for which there is room: fewer than asked for where they are large. */
  readonly capacity: number;
  /** For the convolution. */
  readonly memory: WebAssembly.Memory;
  /** The same, for the other kernels. */
  readonly numbers: Float32Array;
  readonly #plan: Plan;
  readonly #weights = new Map<WeightStep, number>();

  /**
   * Lays out and fills the memory.
   *
   * @param plan What is run.
   * @param weights Its packed weights.
   * @param capacity Most samples in a batch, if there is room.
   * @throws {RanetError} If there is too little memory.
   */
  constructor(plan: Plan, weights: readonly Float32Array[], capacity: number) {
    this.#plan = plan;
    const room = Math.max(1, Math.floor((MAX_BATCH_QUADS - plan.zeroQuads) / plan.sampleQuads));
    this.capacity = Math.min(capacity, room);
    let end = this.arena(this.capacity);
    for (const step of plan.stages.flat(2)) {
      if (step.kind !== "convolution" && step.kind !== "classifier") continue;
      this.#weights.set(step, end);
      end += step.kind === "convolution" ? panelQuads(step) : step.weights.quads;
    }
    this.memory = allocate(end, plan, this.capacity);
    this.numbers = new Float32Array(this.memory.buffer);
    for (const [step, start] of this.#weights) {
      const { buffer, offset, quads } = step.weights;
      const packed = weights[buffer].subarray(4 * offset, 4 * (offset + quads));
      if (step.kind === "convolution") writePanels(step, packed, this.numbers.subarray(4 * start));
      else this.numbers.set(packed, 4 * start);
    }
  }

  /** Where a sample's arena starts. */
  arena(sample: number): number {
    return this.#plan.zeroQuads + sample * this.#plan.sampleQuads;
  }

  /** Where a step's weights start. */
  weights(step: WeightStep): number {
    return this.#weights.get(step)!;
  }
}

function panelQuads({ input, output, layer: { kernel } }: ConvolutionStep): number {
  return Math.ceil(output.channels / PANEL) * (kernel ** 2 * 4 * quadsOf(input.channels) + 1) * PANEL / 4;
}

/** From rows of all output channels to panels of a few, as kernels/convolution/forward.as reads them. */
function writePanels({ output }: ConvolutionStep, packed: Float32Array, panels: Float32Array): void {
  const pitch = 4 * quadsOf(output.channels);
  let at = 0;
  for (let channel = 0; channel < pitch; channel += PANEL) {
    const width = Math.min(PANEL, pitch - channel);
    for (let row = channel; row < packed.length; row += pitch, at += PANEL) {
      for (let k = 0; k < width; k++) panels[at + k] = packed[row + k];
    }
  }
}

function allocate(quads: number, { network, sampleQuads }: Plan, capacity: number): WebAssembly.Memory {
  const pages = Math.ceil(quads * QUAD_BYTES / PAGE_BYTES);
  const refuse = (reason: string): never => {
    const megabytes = (length: number) => `${(length * QUAD_BYTES / 1e6).toFixed(1)} MB`;
    throw new RanetError(
      `Cannot run ${network.spec.name} on the CPU with a batch of ${capacity}: it needs ${megabytes(quads)}, of them ` +
        `${megabytes(sampleQuads)} for each image, and ${reason}. Use a smaller batch, or --device gpu.`,
    );
  };
  if (pages > MAX_PAGES) return refuse("at most 4 GiB can be addressed");
  try {
    return new WebAssembly.Memory({ initial: pages });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse("there is not as much");
  }
}
