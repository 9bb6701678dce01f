/**
 * The CPU runner's memory: zeros, an arena per sample, then the weights of one layer after another.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import type { FoldedLayer, FoldedWeights } from "../../weights/fold.ts";
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
   * @param weights Its weights, batch norm folded in.
   * @param capacity Most samples in a batch, if there is room.
   * @throws {RanetError} If there is too little memory.
   */
  constructor(plan: Plan, weights: FoldedWeights, capacity: number) {
    this.#plan = plan;
    const room = Math.max(1, Math.floor((MAX_BATCH_QUADS - plan.zeroQuads) / plan.sampleQuads));
    this.capacity = Math.min(capacity, room);
    let end = this.arena(this.capacity);
    for (const step of plan.stages.flat(2)) {
      if (step.kind !== "convolution" && step.kind !== "classifier") continue;
      this.#weights.set(step, end);
      end += step.kind === "convolution" ? panelQuads(step) : rowQuads(step);
    }
    this.memory = allocate(end, plan, this.capacity);
    this.numbers = new Float32Array(this.memory.buffer);
    for (const [step, start] of this.#weights) {
      const target = this.numbers.subarray(4 * start);
      const folded = weights.get(step.layer.name)!;
      if (step.kind === "convolution") writePanels(step, folded, target);
      else writeRows(step, folded, target);
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

/** From `[out][in][tap]` to panels as kernels/convolution/forward.as reads them. */
function writePanels({ input, output, layer }: ConvolutionStep, { weight, bias }: FoldedLayer, to: Float32Array): void {
  const taps = layer.kernel ** 2;
  const rows = 4 * quadsOf(input.channels);
  const panel = (taps * rows + 1) * PANEL;
  for (let out = 0; out < output.channels; out++) {
    const column = Math.floor(out / PANEL) * panel + out % PANEL;
    for (let k = 0; k < input.channels; k++) {
      const from = (out * input.channels + k) * taps;
      for (let tap = 0; tap < taps; tap++) to[column + (tap * rows + k) * PANEL] = weight[from + tap];
    }
    to[column + taps * rows * PANEL] = bias[out];
  }
}

function rowQuads({ input, layer: { classes } }: ClassifierStep): number {
  return classes * quadsOf(input.channels) + quadsOf(classes);
}

/** `[class][in, padded]`, then the bias. */
function writeRows(
  { input: { channels }, layer: { classes } }: ClassifierStep,
  { weight, bias }: FoldedLayer,
  to: Float32Array,
): void {
  const pitch = 4 * quadsOf(channels);
  for (let out = 0; out < classes; out++) to.set(weight.subarray(out * channels, (out + 1) * channels), out * pitch);
  to.set(bias, classes * pitch);
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
