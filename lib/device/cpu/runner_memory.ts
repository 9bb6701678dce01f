/**
 * The memory that the CPU runner's threads share: operations of a plan's stages, images, results, activations and
 * weights.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { concat } from "../../io/bytes.ts";
import { areaOf, strided } from "../../network/size.ts";
import { type Plan, QUAD_BYTES, quadsOf, type Region, type Step, type StepOf } from "../../planner/plan.ts";
import type { FoldedLayer, FoldedWeights } from "../../weights/fold.ts";
import type { QuantizedWeights } from "../../weights/quantized.ts";
import { NO_EXIT, type StageRange } from "../runner.ts";
import { type Fields, PROGRESS_BYTES, structBytes, writeOperation, writeStruct } from "./abi.ts";
import {
  filterArguments,
  filterLength,
  inputArguments,
  lowerConvolution,
  lowerDepthwise,
  lowerExcitation,
  lowerResize,
  lowerWindow,
  lowerWinograd,
  outputArguments,
  type Place,
  type Schedule,
} from "./lower.ts";
import { INT8_IMAGE_BYTES, INT8_QUAD_BYTES, Int8Lowering } from "./int8_lower.ts";
import type { Int8Product } from "./int8_product.ts";
import { MemoryLayout } from "./memory.ts";
import { pack, packedLength } from "./pack.ts";
import { instantiate } from "./thread.ts";
import { forwardWindows, geometryKey } from "./windows.ts";
import { isWorthWinograd } from "./winograd.ts";

/** Most bytes of a batch's arenas. */
const MAX_BATCH_BYTES = 2 ** 27;
/** Alignment of areas in bytes: a pair of cache lines, since some processors fetch two together. */
const LINE = 128;
/** Multiply-adds, or numbers written, for which another thread is worthwhile. */
const PART = 25_000;
/** Pixels and channels of a convolution's tile. */
const TILE = { pixels: 6, channels: 8 };

/** The fields of a program that are the same in every run. */
type Fixed = Omit<Fields<"Program">, "next" | "samples" | "from" | "to" | "adaptive" | "resumable">;

/** Weights that are transformed before the first run. */
interface Filter {
  readonly shape: readonly number[];
  readonly weight: Float32Array;
  /** Address of the arguments of the transformation. */
  readonly args: number;
}

/** A quantized network's weights and the way to multiply. */
export interface Int8Weights {
  /** The weights. */
  readonly quantized: QuantizedWeights;
  /** The way to multiply. */
  readonly product: Int8Product;
}

/** The weights for a plan. */
export type RunnerWeights = FoldedWeights | Int8Weights;

/** Memory for one plan. */
export class CpuMemory {
  /** Most samples in a batch: fewer than requested if samples are large. */
  readonly batchSize: number;
  /** The memory of the kernels. */
  readonly memory: WebAssembly.Memory;
  /** Address of the program that `run` of kernels/infer.as reads. */
  readonly program: number;
  readonly #plan: Plan;
  readonly #fixed: Fixed;
  readonly #threads: number;
  readonly #keeps: boolean;
  readonly #layout = new MemoryLayout(LINE);
  /** Bytes of four channels. */
  readonly #quadBytes: number;
  /** Address of the first sample's activations, and stride of samples in bytes. */
  readonly #arenas: { readonly at: number; readonly bytes: number };
  readonly #filters: Filter[] = [];
  /** Address of the weights of the filter that is being transformed. */
  readonly #raw: number;
  #samples = 0;

  /**
   * Lays out and fills the memory.
   *
   * @param plan The plan to run.
   * @param weights Its weights, batch norm folded in.
   * @param options `batchSize`: most samples in a batch, if there is room. `threads`: most threads that run it.
   * `keeps`: whether features can be read after a run; the plan must keep them separate.
   * @throws {RanetError} If there is too little memory.
   */
  constructor(
    plan: Plan,
    weights: RunnerWeights,
    options: { readonly batchSize: number; readonly threads: number; readonly keeps?: boolean },
  ) {
    this.#plan = plan;
    this.#keeps = options.keeps ?? false;
    const isInt8 = "quantized" in weights;
    const { size, channels } = plan.image;
    const stages = plan.stages.length;
    const classes = plan.network.spec.classes.length;
    const imageLength = 4 * channels * areaOf(size);
    const quadBytes = this.#quadBytes = isInt8 ? INT8_QUAD_BYTES : QUAD_BYTES;
    const arenaBytes = quadBytes * plan.sampleQuads;
    const room = Math.max(1, Math.floor(MAX_BATCH_BYTES / (arenaBytes + imageLength)));
    const batchSize = this.batchSize = Math.min(options.batchSize, room);
    const threads = this.#threads = options.threads;
    const layout = this.#layout;

    this.program = layout.take(structBytes("Program"));
    const fixed = {
      stages: layout.take(4 * (stages + 1)),
      thresholds: layout.take(8 * stages),
      exits: layout.take(4 * batchSize),
      logits: layout.take(4 * stages * batchSize * classes),
      stageLogits: 4 * batchSize * classes,
      sampleLogits: 4 * classes,
      classes,
      images: layout.take(batchSize * imageLength),
      imageLength,
      progress: layout.take(threads * PROGRESS_BYTES),
    };
    this.#arenas = { at: layout.take(batchSize * arenaBytes), bytes: arenaBytes };
    this.#raw = isInt8 ? 0 : layout.take(4 * largestFilter(plan));
    const operations = isInt8 ? this.#lowerInt8(weights) : this.#lower(weights);
    const bytes = layout.keep(concat(operations.flat(), Uint8Array));
    const scratchLength = layout.scratchBytes;
    this.#fixed = { ...fixed, scratch: layout.take(threads * scratchLength), scratchLength };
    this.memory = layout.allocate((reason) => {
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
      throw new RanetError(
        `Cannot run ${plan.network.spec.name} on the CPU with a batch of ${batchSize}: it needs ` +
          `${megabytes(layout.bytes)}, including ${megabytes(arenaBytes)} per image, and ${reason}. ` +
          "Use a smaller batch, or a GPU.",
        { code: "too-large", remedy: { device: "gpu" } },
      );
    });
    let begin = bytes;
    const begins = operations.map((stage) => {
      const own = begin;
      begin += stage.reduce((sum, { length }) => sum + length, 0);
      return own;
    });
    this.#words(fixed.stages, stages + 1).set([...begins, begin]);
  }

  /** Transforms weights with the kernels. Must be called once, before the first run. */
  async makeFilters(module: WebAssembly.Module): Promise<void> {
    if (this.#filters.length === 0) return;
    const { prepare } = await instantiate({ module, memory: this.memory });
    for (const { shape, weight, args } of this.#filters) {
      const raw = this.#floats(this.#raw, packedLength(shape));
      pack(shape, weight, raw.fill(0));
      prepare(0, 1, args);
    }
  }

  /** Copies images into the memory. */
  load(images: Float32Array, count: number): void {
    if (count > this.batchSize) {
      throw new RangeError(`a batch of ${count} samples, more than the batch size ${this.batchSize}`);
    }
    this.#samples = count;
    this.#floats(this.#fixed.images, images.length).set(images);
    this.#words(this.#fixed.exits, count).fill(NO_EXIT);
  }

  /** Prepares the next run. */
  prepare({ from, to, thresholds }: StageRange): void {
    const stages = this.#plan.stages.length;
    const program = writeStruct("Program", {
      ...this.#fixed,
      next: 0,
      samples: this.#samples,
      from,
      to,
      adaptive: Number(thresholds !== undefined),
      resumable: Number(this.#keeps || from > 0 || to < stages),
    });
    const { progress, logits, stageLogits } = this.#fixed;
    new Uint8Array(this.memory.buffer, this.program, program.length).set(program);
    this.#words(progress, this.#threads * PROGRESS_BYTES / 4).fill(0);
    // Boosted exits read the logits of the previous stage.
    this.#floats(logits + from * stageLogits, (stages - from) * stageLogits / 4).fill(0);
    if (thresholds) new Float64Array(this.memory.buffer, this.#fixed.thresholds + 8 * from).set(thresholds);
  }

  /** Logits of a stage, `[sample][class]`. */
  logits(stage: number): Float32Array {
    const { logits, stageLogits, classes } = this.#fixed;
    return this.#floats(logits + stage * stageLogits, this.#samples * classes).slice();
  }

  /** For each sample the stage at which it exited, or NO_EXIT. */
  exits(): number[] {
    return [...this.#words(this.#fixed.exits, this.#samples)];
  }

  /** The contents of a feature after a run of all stages, `[y][x][channel]`: as floats, or in steps. */
  feature(region: Region, sample: number): Float32Array {
    const { at, bytes, pitch, size, channels } = this.#place(region);
    const values = this.#quadBytes === INT8_QUAD_BYTES
      ? new Uint8Array(this.memory.buffer, at + sample * bytes)
      : new Float32Array(this.memory.buffer, at + sample * bytes);
    const width = pitch / values.BYTES_PER_ELEMENT;
    const feature = new Float32Array(areaOf(size) * channels);
    for (let pixel = 0, i = 0; pixel < areaOf(size); pixel++) {
      for (let k = 0; k < channels; k++) feature[i++] = values[pixel * width + k];
    }
    return feature;
  }

  /** Lowers a quantized network. */
  #lowerInt8({ quantized, product }: Int8Weights): Uint8Array[][] {
    const { image } = this.#plan;
    const lowering = new Int8Lowering(this.#layout, quantized, product);
    const pitch = INT8_IMAGE_BYTES * image.channels;
    const imageBytes = pitch * areaOf(image.size);
    // Its numbers are wider than those of features, so it has its own memory.
    const at = this.#layout.take(this.batchSize * imageBytes);
    const input: Place = { at, bytes: imageBytes, pitch, size: image.size, channels: image.channels };
    const load = lowering.image(input, { parts: partsOf(areaOf(image.size) * image.channels), last: true });
    return this.#lowerStages(load, (step, last) => {
      const [from, gates] = step.reads.map((region) => this.#place(region));
      const [output] = step.writes.map((region) => this.#place(region));
      const isImage = step.layer.reads[0].feature === 0;
      const schedule = { parts: int8Parts(step), last };
      return lowering.step(step, { input: isImage ? input : from, gates, output, schedule });
    });
  }

  /** The operations of each stage. The first stage starts with the image. */
  #lower(weights: FoldedWeights): Uint8Array[][] {
    const image = this.#place(this.#plan.image);
    const { size, channels } = image;
    const load = writeOperation("image", { ...outputArguments(image), ...size, channels }, {
      parts: partsOf(areaOf(size) * channels),
      last: true,
    });
    return this.#lowerStages(load, (step, isLast) => this.#lowerStep(step, weights, isLast));
  }

  #lowerStages(load: Uint8Array, lowerStep: (step: Step, isLast: boolean) => Uint8Array): Uint8Array[][] {
    /** Lowered steps, by whether they are the last of their wave. A plan may contain a step more than once. */
    const known = { true: new Map<Step, Uint8Array>(), false: new Map<Step, Uint8Array>() };
    const lower = (step: Step, isLast: boolean) => {
      const found = known[`${isLast}`].get(step) ?? lowerStep(step, isLast);
      known[`${isLast}`].set(step, found);
      return found;
    };
    return this.#plan.stages.map((waves, stage) => [
      ...stage === 0 ? [load] : [],
      ...waves.flatMap((wave) => wave.map((step, i) => lower(step, i === wave.length - 1))),
    ]);
  }

  #lowerStep(step: Step, weights: FoldedWeights, last: boolean): Uint8Array {
    const layout = this.#layout;
    switch (step.kind) {
      case "convolution":
        return this.#convolution(step, weights.get(step.layer.name)!, last);
      case "depthwise":
        return this.#depthwise(step, weights.get(step.layer.name)!, last);
      case "excitation": {
        const [input, gates, output] = [...step.reads, ...step.writes].map((region) => this.#place(region));
        const parts = Math.min(partsOf(areaOf(output.size) * output.channels), quadsOf(output.channels));
        return lowerExcitation(step.layer.gate, { input, gates, output, schedule: { parts, last } });
      }
      case "squeeze": {
        const [input, output] = [...step.reads, ...step.writes].map((region) => this.#place(region));
        const parts = Math.min(partsOf(areaOf(input.size) * input.channels), quadsOf(input.channels));
        return lowerWindow(step.kind, input, output, { schedule: { parts, last } });
      }
      case "classifier":
        return this.#classifier(step, weights.get(step.layer.name)!, last);
      case "max-pool":
      case "resize": {
        const [input, output] = [...step.reads, ...step.writes].map((region) => this.#place(region));
        const options = { schedule: { parts: partsOf(4 * areaOf(output.size) * output.channels), last } };
        return step.kind === "max-pool"
          ? lowerWindow(step.kind, input, output, options)
          : lowerResize(layout, step.kind, input, output, options);
      }
    }
  }

  #convolution(step: StepOf<"convolution">, { weight, bias }: FoldedLayer, last: boolean): Uint8Array {
    const { kernel, stride, activation } = step.layer;
    const [input, output] = [...step.reads, ...step.writes].map((region) => this.#place(region));
    const shape = [output.channels, input.channels, kernel, kernel];
    const pixels = areaOf(output.size);
    const usesWinograd = isWinograd(step);
    const most = usesWinograd
      ? areaOf(strided(output.size, 2)) / 4
      : Math.max(pixels / TILE.pixels, output.channels / TILE.channels);
    const parts = Math.min(partsOf(pixels * weight.length), Math.ceil(most));
    const schedule: Schedule = { parts, last };
    const places = { input, output, activation, schedule, bias: this.#pack([output.channels], bias) };
    if (usesWinograd) {
      const [inputs, outputs] = [input.channels, output.channels];
      const filter = this.#layout.take(4 * filterLength(inputs, outputs));
      const args = writeStruct("FilterArgs", filterArguments({ inputs, outputs, weights: this.#raw, filter }));
      this.#filters.push({ shape, weight, args: this.#layout.keep(args) });
      return lowerWinograd(this.#layout, { ...places, outputs, filter }).operation;
    }
    const geometry = { kernel, stride, input: input.size, output: output.size };
    const windows = this.#layout.remember(
      `windows ${[geometryKey(geometry), input.channels, input.pitch]}`,
      () => forwardWindows(geometry, input),
    );
    return lowerConvolution(this.#layout, { ...places, windows, weights: this.#pack(shape, weight) }).operation;
  }

  #depthwise(step: StepOf<"depthwise">, { weight, bias }: FoldedLayer, last: boolean): Uint8Array {
    const { kernel, activation } = step.layer;
    const [input, output] = [...step.reads, ...step.writes].map((region) => this.#place(region));
    const { size, channels } = output;
    return lowerDepthwise(step.layer, {
      input,
      output,
      channels,
      weights: this.#pack([channels, 1, kernel, kernel], weight),
      bias: this.#pack([channels], bias),
      activation,
      schedule: { parts: Math.min(partsOf(areaOf(size) * weight.length), size.height), last },
    });
  }

  #classifier(step: StepOf<"classifier">, { weight, bias, reweight = 0 }: FoldedLayer, last: boolean): Uint8Array {
    const { classes, pool } = step.layer;
    const input = this.#place(step.reads[0]);
    const { channels } = input;
    const quads = quadsOf(channels);
    // Space for a thread's means.
    this.#layout.needScratch(QUAD_BYTES * quads);
    return writeOperation("classify", {
      ...NO_TRAINING,
      ...inputArguments(input),
      poolHeight: pool.height,
      poolWidth: pool.width,
      quads,
      channels,
      classes,
      weights: this.#pack([classes, channels], weight),
      bias: this.#pack([classes], bias),
      reweight,
    }, { parts: partsOf(classes * channels), last });
  }

  /** Stores weights as kernels read them, and returns their address. */
  #pack(shape: readonly number[], plain: Float32Array): number {
    const packed = new Float32Array(packedLength(shape));
    pack(shape, plain, packed);
    return this.#layout.keep(new Uint8Array(packed.buffer));
  }

  #place({ offset, pitch, size, channel, channels }: Region): Place {
    const { at, bytes } = this.#arenas;
    const quadBytes = this.#quadBytes;
    return { at: at + quadBytes * offset + quadBytes / 4 * channel, bytes, pitch: quadBytes * pitch, size, channels };
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  #words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }
}

/** Values of the fields that only training uses. */
const NO_TRAINING = {
  means: 0,
  logits: 0,
  before: 0,
  losses: 0,
  correct: 0,
  smoothing: 0,
  lossWeight: 0,
  distilled: 0,
  temperature: 0,
  teacher: 0,
  seconds: 0,
  shares: 0,
  weightGradient: 0,
  biasGradient: 0,
  result: 0,
  resultBytes: 0,
  resultPitch: 0,
  accumulate: 0,
} as const;

function partsOf(work: number): number {
  return Math.ceil(work / PART);
}

/**
 * Number of threads that are worthwhile for a step of a quantized network. Two 8-bit multiply-adds take the time of one
 * in floating point.
 */
function int8Parts(step: Step): number {
  switch (step.kind) {
    case "convolution": {
      const { layer, reads: [input], writes: [output] } = step;
      const work = areaOf(output.size) * output.channels * input.channels * layer.kernel ** 2;
      const most = Math.max(areaOf(output.size) / 4, output.channels / TILE.channels);
      return Math.min(partsOf(work / 2), Math.ceil(most));
    }
    case "depthwise": {
      const { layer, writes: [{ size, channels }] } = step;
      return Math.min(partsOf(areaOf(size) * channels * layer.kernel ** 2 / 2), size.height);
    }
    case "squeeze":
    case "excitation": {
      const [input] = step.reads;
      return Math.min(partsOf(areaOf(input.size) * input.channels), quadsOf(input.channels));
    }
    case "max-pool":
    case "resize": {
      const [output] = step.writes;
      return partsOf(areaOf(output.size) * output.channels);
    }
    case "classifier":
      return partsOf(step.layer.classes * step.reads[0].channels);
  }
}

/** Whether kernels/convolution/winograd.as computes a layer. */
function isWinograd({ layer, reads: [input], writes: [output] }: StepOf<"convolution">): boolean {
  return isWorthWinograd(layer, { inputs: input.channels, outputs: output.channels });
}

/** Length of the largest weights that are transformed, in numbers. */
function largestFilter(plan: Plan): number {
  const steps = plan.stages.flat(2).filter((step) => step.kind === "convolution").filter(isWinograd);
  return Math.max(
    0,
    ...steps.map(({ reads: [input], writes: [output] }) => 9 * input.channels * 4 * quadsOf(output.channels)),
  );
}
