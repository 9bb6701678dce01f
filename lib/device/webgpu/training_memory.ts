/**
 * The buffers of a network in training: an arena for each micro-batch of the batch, and buffers that all micro-batches share.
 *
 * @module
 */

import { areaOf } from "../../network/size.ts";
import { QUAD_BYTES } from "../../planner/plan.ts";
import type { TrainingPlan } from "../../planner/training_plan.ts";

import type { OptimizerOptions, SecondLabels, TrainerOptions, TrainingState } from "../trainer.ts";
import type { AdapterTraits } from "./tiles.ts";
import { MAX_TURNS } from "./dispatch.ts";
import { writeImage } from "./image.ts";
import { gradientTilesOf, largestDispatch, MAX_WORKGROUPS } from "./tiles.ts";
import { bindBuffers } from "./pipelines.ts";
import { arenaStart, type DeviceBatch, leastPartialQuads, type MicroBatch } from "./training_dispatch.ts";
import type { TrainingKernels } from "./training_kernels.ts";
import {
  type GpuTrainingLayout,
  layOutTraining,
  optimizerRules,
  packParameters,
  unpackParameters,
} from "./training_layout.ts";

/** Quads of partial sums, unless a layer needs more: 16 MiB. */
const PARTIAL_QUADS = 2 ** 20;

/** Stride of the dispatches' arguments in bytes: the largest alignment that a device may require. */
export const ARGUMENT_BYTES = 256;

/** The buffers of a micro-batch. */
interface MicroBatchBuffers {
  readonly arena: GPUBuffer;
  readonly images: GPUBuffer;
  readonly remaining: GPUBuffer;
  readonly logits: GPUBuffer;
}

/** Options for the memory. */
export interface MemoryOptions
  extends Pick<TrainerOptions, "batchSize" | "loss" | "emaDecay" | "optimizer" | "gradients"> {
  /** How the device runs workgroups. */
  readonly traits: AdapterTraits;
  /** Whether it is a CPU driver, which ends long loops early. */
  readonly isCpu: boolean;
  /** Most samples in an arena. Default: as many as fit. */
  readonly microBatchSize?: number;
}

/** A batch's images and labels, ready for upload. */
export interface StagedBatch {
  /** Pixels, one quad each. */
  readonly images: Float32Array<ArrayBuffer>;
  /** Number of images. */
  readonly count: number;
  /** Labels, padded to the batch size, then second labels, then the bits of their shares. */
  readonly labels: Uint32Array<ArrayBuffer>;
}

/** Buffers of a network in training. */
export class TrainingMemory implements Disposable {
  /** The memory layout. */
  readonly layout: GpuTrainingLayout;
  /** Bytes of all buffers. */
  readonly bytes: number;
  /** The loss of each exit and sample, then whether each prediction was correct. */
  readonly losses: GPUBuffer;
  /** Gradients in the layout of the parameters, then the batch's statistics. */
  readonly gradients: GPUBuffer;
  readonly #gpu: GPUDevice;
  readonly #plan: TrainingPlan;
  readonly #options: MemoryOptions;
  readonly #microBatchSize: number;
  readonly #microBatches: readonly MicroBatchBuffers[];
  readonly #parameters: GPUBuffer;
  readonly #velocities: GPUBuffer;
  readonly #ema: GPUBuffer;
  readonly #partials: GPUBuffer;
  readonly #labels: GPUBuffer;
  readonly #rules: GPUBuffer;
  readonly #stopped: GPUBuffer;
  readonly #buffers: GPUBuffer[] = [];

  /** Allocates the buffers, filled with zeros. */
  constructor(gpu: GPUDevice, plan: TrainingPlan, options: MemoryOptions) {
    const { batchSize, emaDecay, traits, microBatchSize = Infinity } = options;
    this.#gpu = gpu;
    this.#plan = plan;
    this.#options = options;
    const layout = this.layout = layOutTraining(plan);
    this.#microBatchSize = Math.ceil(
      batchSize / Math.ceil(batchSize / Math.min(microBatchSize, largestMicroBatch(layout, gpu, traits))),
    );
    const exits = this.#exits;
    const quads = (label: string, count: number) => this.#buffer(label, QUAD_BYTES * count);
    this.#parameters = quads("parameters", layout.parameterQuads);
    this.#velocities = quads("velocities", momentsOf(options.optimizer) * layout.parameterQuads);
    this.#ema = quads("ema", emaDecay > 0 ? layout.parameterQuads : 1);
    this.gradients = quads("gradients", layout.gradientQuads);
    const whole = { ...this.#shape(batchSize), partialQuads: 0 };
    const partials = leastPartialQuads([...plan.forward, ...plan.backward], whole);
    this.#partials = quads("partial sums", Math.max(partials, PARTIAL_QUADS));
    this.#labels = this.#buffer("labels", 4 * 3 * batchSize);
    this.#rules = this.#buffer("rules", 4 * layout.parameterQuads);
    this.#stopped = this.#buffer("stopped", 4);
    this.losses = this.#buffer("losses", 4 * 2 * exits * batchSize);
    this.#microBatches = microBatchesOf(batchSize, this.#microBatchSize).map(({ count }, i) => ({
      arena: quads(`arena ${i}`, arenaStart(layout) + count * layout.sampleQuads),
      images: quads(`images ${i}`, count * areaOf(layout.features[0].size) * layout.features[0].pitch),
      remaining: this.#buffer(`remaining ${i}`, 4 * (1 + count + 1)),
      logits: this.#buffer(`logits ${i}`, 4 * exits * this.#microBatchSize * this.#classes),
    }));
    this.bytes = this.#buffers.reduce((sum, { size }) => sum + size, 0);
  }

  /** Writes the initial state. */
  initialize({ tensors, momentum, squares, ema = tensors }: TrainingState): void {
    const { layout } = this;
    for (const { arena } of this.#microBatches) {
      this.#write(arena, new Float32Array(4).fill(1), QUAD_BYTES * layout.zeroQuads);
    }
    this.#write(this.#parameters, packParameters(layout, tensors));
    this.#write(this.#velocities, packParameters(layout, momentum));
    if (squares && momentsOf(this.#options.optimizer) > 1) {
      this.#write(this.#velocities, packParameters(layout, squares), QUAD_BYTES * layout.parameterQuads);
    }
    if (this.#options.emaDecay > 0) this.#write(this.#ema, packParameters(layout, ema));
    this.#write(this.#rules, optimizerRules(layout, this.#plan, this.#options));
  }

  /** Number of losses, one for each exit and sample. */
  get lossCount(): number {
    return this.#exits * this.#options.batchSize;
  }

  /** A batch of `count` samples. */
  batch(count: number): DeviceBatch {
    return { ...this.#shape(count), partialQuads: this.#partials.size / QUAD_BYTES };
  }

  #shape(count: number): Omit<DeviceBatch, "partialQuads"> {
    return {
      layout: this.layout,
      microBatches: microBatchesOf(count, this.#microBatchSize),
      microBatchSize: this.#microBatchSize,
      batchSize: this.#options.batchSize,
      exits: this.#exits,
      classes: this.#classes,
      adapter: this.#options.traits,
      maxTurns: this.#options.isCpu ? MAX_TURNS : Infinity,
      loss: this.#options.loss,
    };
  }

  /** Converts images to the layout of the device. */
  stage(
    images: Float32Array,
    labels: Uint32Array,
    second: SecondLabels = { labels, shares: new Float32Array(labels.length) },
  ): StagedBatch {
    const [image] = this.layout.features;
    const length = images.length / labels.length;
    const stagedLength = 4 * areaOf(image.size) * image.pitch;
    const staged = new Float32Array(labels.length * stagedLength);
    for (let i = 0; i < labels.length; i++) {
      writeImage(images.subarray(i * length, (i + 1) * length), image, staged.subarray(i * stagedLength));
    }
    const { batchSize } = this.#options;
    const all = new Uint32Array(3 * batchSize);
    all.set(labels);
    all.set(second.labels, batchSize);
    new Float32Array(all.buffer).set(second.shares, 2 * batchSize);
    return { images: staged, count: labels.length, labels: all };
  }

  /** Uploads a batch, and encodes the copying of its images into the arenas. */
  load({ images, count: samples, labels }: StagedBatch, seed: number, encoder: GPUCommandEncoder): void {
    this.#write(this.#labels, labels);
    const { features: [image], sampleQuads } = this.layout;
    const bytes = QUAD_BYTES * areaOf(image.size) * image.pitch;
    for (const [i, { first, count }] of microBatchesOf(samples, this.#microBatchSize).entries()) {
      const { images: source, arena, remaining } = this.#microBatches[i];
      this.#write(source, images.subarray(first * bytes / 4, (first + count) * bytes / 4));
      // Number of samples, their indices, and the step's seed.
      this.#write(remaining, Uint32Array.of(count, ...Array.from({ length: count }, (_, at) => at), seed));
      for (let sample = 0; sample < count; sample++) {
        const target = QUAD_BYTES * (arenaStart(this.layout) + sample * sampleQuads + image.offset);
        encoder.copyBufferToBuffer(source, sample * bytes, arena, target, bytes);
      }
    }
  }

  /** The arena of each micro-batch. */
  get arenas(): readonly GPUBuffer[] {
    return this.#microBatches.map(({ arena }) => arena);
  }

  /** Bindings of each micro-batch. */
  bindMicroBatches({ microBatchLayout }: TrainingKernels, args: GPUBuffer): GPUBindGroup[] {
    return this.#microBatches.map(({ arena, remaining, logits }) =>
      bindBuffers(this.#gpu, microBatchLayout, [
        arena,
        this.#parameters,
        remaining,
        { buffer: args, size: ARGUMENT_BYTES },
        logits,
      ])
    );
  }

  /** Bindings that all micro-batches share. */
  bindBatch({ batchLayout }: TrainingKernels): GPUBindGroup {
    return bindBuffers(this.#gpu, batchLayout, [this.#partials, this.gradients, this.#labels, this.losses]);
  }

  /** Bindings of the optimiser. */
  bindOptimizer({ optimizerLayout }: TrainingKernels, args: GPUBuffer): GPUBindGroup {
    return bindBuffers(this.#gpu, optimizerLayout, [
      this.#parameters,
      this.gradients,
      this.#velocities,
      this.#ema,
      this.#rules,
      this.losses,
      this.#stopped,
      args,
    ]);
  }

  /** Reads the state that is needed to resume a run. */
  async read(): Promise<TrainingState> {
    const { layout } = this;
    const buffers = [this.#parameters, this.#velocities, ...this.#options.emaDecay > 0 ? [this.#ema] : []];
    const [tensors, momentum, ema] = await Promise.all(buffers.map((buffer) => readBuffer(this.#gpu, buffer)));
    const learned = new Set(this.#plan.parameters.map(({ name }) => name));
    const unpackMoment = (index: number) =>
      unpackParameters(layout, momentum.subarray(4 * index * layout.parameterQuads), (name) => learned.has(name));
    return {
      tensors: unpackParameters(layout, tensors),
      momentum: unpackMoment(0),
      ...momentsOf(this.#options.optimizer) > 1 && { squares: unpackMoment(1) },
      ...ema && { ema: unpackParameters(layout, ema) },
    };
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }

  get #exits(): number {
    return this.#plan.network.exits.length;
  }

  get #classes(): number {
    return this.#plan.network.spec.classes.length;
  }

  #buffer(label: string, size: number): GPUBuffer {
    const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
    const buffer = this.#gpu.createBuffer({ label, size, usage: STORAGE | COPY_DST | COPY_SRC });
    this.#buffers.push(buffer);
    return buffer;
  }

  #write(buffer: GPUBuffer, data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>, offset = 0): void {
    this.#gpu.queue.writeBuffer(buffer, offset, data);
  }
}

/**
 * How many numbers an optimiser keeps of each parameter: its velocity; or the means of its gradients and of their
 * squares.
 */
function momentsOf({ kind }: OptimizerOptions): number {
  switch (kind) {
    case "sgd":
      return 1;
    case "adamw":
      return 2;
  }
}

/** Reads the numbers in a buffer, after everything that has been submitted. */
export async function readBuffer(gpu: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const { COPY_DST, MAP_READ } = GPUBufferUsage;
  const copy = gpu.createBuffer({ label: "read-back", size: buffer.size, usage: COPY_DST | MAP_READ });
  try {
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
    gpu.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    return new Float32Array(copy.getMappedRange().slice(0));
  } finally {
    copy.destroy();
  }
}

/** The most samples that fit into an arena and into every dispatch. */
export function largestMicroBatch(
  layout: GpuTrainingLayout,
  { limits }: Pick<GPUDevice, "limits">,
  traits: AdapterTraits,
): number {
  const largest = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const pixels = Math.max(...layout.features.map(({ size }) => areaOf(size)));
  return Math.min(
    Math.floor((largest / QUAD_BYTES - arenaStart(layout)) / layout.sampleQuads),
    MAX_WORKGROUPS,
    largestDispatch(pixels, traits),
    largestDispatch(pixels, { ...traits, tiles: gradientTilesOf(traits) }),
  );
}

/** Divides a batch of `count` samples into micro-batches. */
function microBatchesOf(count: number, microBatchSize: number): MicroBatch[] {
  return Array.from({ length: Math.ceil(count / microBatchSize) }, (_, i) => {
    const first = i * microBatchSize;
    return { first, count: Math.min(microBatchSize, count - first) };
  });
}
