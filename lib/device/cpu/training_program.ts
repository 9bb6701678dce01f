/**
 * Lowers a training plan onto the operations of kernels/train.as: which of them may follow each other without a barrier,
 * where their numbers lie, and their bytes.
 *
 * @module
 */

import type { Classifier, Convolution, Layer } from "../../network/network.ts";
import { quadsOf } from "../../planner/plan.ts";
import type {
  ChannelRange,
  GradientRange,
  NormedConvolution,
  TrainingPlan,
  TrainingStep,
} from "../../planner/training_plan.ts";
import type { TrainerOptions } from "../trainer.ts";
import { panelWidth } from "./packed_parameters.ts";
import { Allocator, ParameterMemory, type Temporary, TensorMemory } from "./training_memory.ts";
import { writeOperation, writeStruct } from "./training_operations.ts";
import { forwardWindows, gradientWindows, type Windows } from "./windows.ts";

/** Pixels that a convolution works on at a time where a sample has fewer: enough to fill its tiles. */
const FULL_TILES = 48;

/** Bytes of inputs that a weight gradient goes over again and again: they stay in a core's cache. */
const NEAR_BYTES = 2 ** 18;

/** A program and where it finds and leaves its numbers; addresses are bytes. */
export interface TrainingProgram {
  /** First operation. */
  readonly begin: number;
  /** Behind the last. */
  readonly end: number;
  /** What memory holds before the first step, beside parameters and zeros. */
  readonly contents: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Labels, a word each. */
  readonly labels: number;
  /** `[exit][batch]` losses in float64. */
  readonly losses: number;
  /** `[exit][batch]` words: whether the answer is right. */
  readonly right: number;
  /** Two words for the barrier. */
  readonly gate: number;
  /** What counts samples that threads have taken: zero before each step. */
  readonly taken: { readonly address: number; readonly bytes: number };
  /** The first thread's scratch memory. */
  readonly scratch: number;
  /** What each thread has of it. */
  readonly scratchBytes: number;
  /** Where tensors lie. */
  readonly tensors: TensorMemory;
  /** Parameters and what the optimiser keeps. */
  readonly parameters: ParameterMemory;
  /** Memory in all. */
  readonly bytes: number;
}

/** Lays out memory and writes the program that trains a network, for at most `batch` samples and exactly so many threads. */
export function buildTrainingProgram(
  plan: TrainingPlan,
  options: TrainerOptions & { readonly threads: number },
): TrainingProgram {
  return new ProgramBuilder(plan, options).build();
}

/** Operations between two barriers. */
interface Segment {
  /** On all samples, shared among threads. */
  readonly whole: Uint8Array[];
  /** On each thread's own samples, a few at a time. */
  readonly samples: Uint8Array[];
  /** How many. */
  group: number;
}

/** A temporary of a layer. */
type TemporaryKind = "sums" | "gradient sums" | "transposed";

class ProgramBuilder {
  readonly #plan: TrainingPlan;
  readonly #options: TrainerOptions & { readonly threads: number };
  readonly #allocator = new Allocator();
  readonly #contents: { address: number; bytes: Uint8Array }[] = [];
  readonly #tables = new Map<string, number>();
  readonly #temporaries = new Map<string, number>();
  readonly #zeros: number;
  readonly #gate: number;
  readonly #stopped: number;
  readonly #labels: number;
  readonly #losses: number;
  readonly #right: number;
  readonly #parameters: ParameterMemory;
  readonly #tensors: TensorMemory;
  /** Of each batch norm: its coefficients of all threads, and the batch's mean and variance. */
  readonly #norms = new Map<string, { coefficients: number; mean: number; variance: number }>();
  /** Of each exit. */
  readonly #heads = new Map<number, { layer: Classifier; means: number; logits: number }>();
  readonly #segments: Segment[] = [];
  #scratchBytes = 0;

  constructor(plan: TrainingPlan, options: TrainerOptions & { readonly threads: number }) {
    this.#plan = plan;
    this.#options = options;
    const { batch, threads } = options;
    const exits = plan.network.exits.length;
    const take = (bytes: number) => this.#allocator.take(bytes);
    this.#zeros = take(64);
    this.#gate = take(8);
    this.#stopped = take(4);
    this.#labels = take(4 * batch);
    this.#losses = take(8 * batch * exits);
    this.#right = take(4 * batch * exits);
    this.#parameters = new ParameterMemory(plan, this.#allocator, {
      decay: options.optimizer.decay,
      average: options.average > 0,
    });
    for (const step of plan.forward) {
      if (step.kind === "norm") {
        const bytes = 16 * quadsOf(step.layer.output.channels);
        this.#norms.set(step.layer.norm, {
          coefficients: take(6 * bytes * threads),
          mean: take(bytes),
          variance: take(bytes),
        });
      } else if (step.kind === "classifier") {
        this.#heads.set(step.exit, {
          layer: step.layer,
          means: take(batch * 16 * quadsOf(step.input.channels)),
          logits: take(4 * batch * step.layer.classes),
        });
      }
    }
    const segments = splitAtBarriers([...plan.forward, ...plan.backward]);
    this.#tensors = new TensorMemory(plan, this.#allocator, {
      segments,
      temporaries: this.#findTemporaries(segments),
      batch,
    });
    segments.forEach((steps, time) => {
      const segment = { whole: [], samples: [], group: 1 };
      this.#segments.push(segment);
      for (const step of steps) this.#lower(step, segment);
      for (const step of segments[time + 1] ?? []) if (step.kind === "input-gradient") this.#transpose(step, segment);
    });
    this.#descend();
  }

  build(): TrainingProgram {
    const { threads } = this.#options;
    const takenBytes = 4 * threads * this.#segments.length;
    const taken = this.#allocator.take(takenBytes);
    const bytes = concat(this.#segments.flatMap(({ whole, samples, group }, i) => [
      ...whole,
      writeOperation("samples", {
        samples: group,
        bytes: samples.reduce((sum, op) => sum + op.length, 0),
        taken: taken + 4 * threads * i,
      }),
      ...samples,
      writeOperation("barrier", {}),
    ]));
    const begin = this.#keep(bytes);
    const scratchBytes = Math.ceil((this.#scratchBytes + 64) / 64) * 64;
    const scratch = this.#allocator.take(scratchBytes * threads);
    // The last quad of a range may reach behind it.
    this.#allocator.take(64);
    return {
      begin,
      end: begin + bytes.length,
      contents: this.#contents,
      labels: this.#labels,
      losses: this.#losses,
      right: this.#right,
      gate: this.#gate,
      taken: { address: taken, bytes: takenBytes },
      scratch,
      scratchBytes,
      tensors: this.#tensors,
      parameters: this.#parameters,
      bytes: this.#allocator.end,
    };
  }

  /** Sums wait for a barrier; a layer's transposed weights are made in the segment before they are used. */
  #findTemporaries(segments: readonly (readonly TrainingStep[])[]): Temporary[] {
    const found: Temporary[] = [];
    const add = (kind: TemporaryKind, layer: Layer, temporary: Temporary): void => {
      this.#temporaries.set(keyOf(kind, layer), found.length);
      found.push(temporary);
    };
    segments.forEach((steps, time) => {
      for (const step of steps) {
        if (step.kind === "norm-statistics" || step.kind === "norm-sums") {
          const length = this.#options.batch * 4 * 4 * quadsOf(step.input.channels);
          add(step.kind === "norm-sums" ? "gradient sums" : "sums", step.layer, {
            first: time,
            last: time + 1,
            length,
          });
        } else if (step.kind === "input-gradient") {
          const { input, output, kernel } = step.layer;
          const length = kernel ** 2 * output.channels * panelWidth(input.channels);
          add("transposed", step.layer, { first: time - 1, last: time, length });
        }
      }
    });
    return found;
  }

  #temporary(kind: TemporaryKind, layer: Layer): number {
    return this.#tensors.temporary(this.#temporaries.get(keyOf(kind, layer))!);
  }

  #lower(step: TrainingStep, segment: Segment): void {
    const { whole, samples } = segment;
    switch (step.kind) {
      case "convolution":
        this.#convolution(step, segment);
        break;
      case "norm-statistics":
        samples.push(this.#norm("statistics", step.layer, step));
        break;
      case "norm":
        whole.push(this.#norm("coefficients", step.layer, step, { isRunning: step.statistics === "running" }));
        samples.push(this.#norm("normalize", step.layer, step));
        break;
      case "norm-sums":
        samples.push(this.#norm("gradient-sums", step.layer, { input: step.input, output: step.gradient }));
        break;
      case "norm-gradient": {
        const ranges = { input: step.input, output: step.gradient };
        whole.push(this.#norm("gradient-coefficients", step.layer, ranges));
        samples.push(this.#norm("norm-gradient", step.layer, ranges));
        break;
      }
      case "relu-gradient":
        samples.push(this.#window("relu-gradient", step.output, step.gradient));
        break;
      case "input-gradient":
        this.#inputGradient(step, segment);
        break;
      case "weight-gradient":
        whole.push(this.#weightGradient(step));
        break;
      case "max-pool":
      case "resize":
        samples.push(this.#window(step.kind, step.input, step.output));
        break;
      case "max-pool-gradient":
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        samples.push(this.#window(step.kind, step.input, step.gradient, step.result));
        break;
      case "resize-gradient":
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        samples.push(this.#window(step.kind, step.result, step.gradient, step.result));
        break;
      case "classifier":
        samples.push(this.#classifier("classify", step.exit, step));
        break;
      case "loss":
        samples.push(this.#classifier("loss", step.exit));
        break;
      case "classifier-gradient":
        whole.push(this.#classifier("linear-gradient", step.exit, step));
        if (step.result) samples.push(this.#classifier("pooled-gradient", step.exit, step));
        break;
      case "zero":
        samples.push(this.#zero(step.output));
    }
  }

  #convolution({ layer, input, output, relu }: Extract<TrainingStep, { kind: "convolution" }>, segment: Segment): void {
    const windows = this.#forwardWindows(layer, input);
    // Padding of a tensor of its own is written too: zeros, like that of the weights.
    const isWhole = output.channel === 0 && output.channels === this.#plan.tensors[output.tensor].channels;
    this.#convolve(segment, {
      windows,
      input,
      output: { ...output, channels: isWhole ? 4 * quadsOf(output.channels) : output.channels, accumulate: false },
      weights: this.#parameters.at(`${layer.name}.weight`),
      bias: layer.bias ? this.#parameters.at(`${layer.name}.bias`) : undefined,
      relu,
    });
  }

  #inputGradient(
    { layer, gradient, result }: Extract<TrainingStep, { kind: "input-gradient" }>,
    segment: Segment,
  ): void {
    const windows = this.#gradientWindows(layer, gradient, result);
    const weights = this.#temporary("transposed", layer);
    this.#convolve(segment, { windows, input: gradient, output: result, weights, relu: false });
  }

  /** The weights of a layer's input gradient, made ready. */
  #transpose({ layer, gradient, result }: Extract<TrainingStep, { kind: "input-gradient" }>, segment: Segment): void {
    const windows = this.#gradientWindows(layer, gradient, result);
    segment.whole.push(writeOperation("transpose", {
      weights: this.#parameters.at(`${layer.name}.weight`),
      inChannels: layer.input.channels,
      outChannels: layer.output.channels,
      taps: layer.kernel ** 2,
      ...this.#phases(windows, gradient, result, { samples: 1, weights: this.#temporary("transposed", layer) }),
    }));
  }

  #forwardWindows({ kernel, stride, output }: Convolution, input: ChannelRange): Windows {
    return forwardWindows({
      kernel,
      stride,
      inSize: this.#tensors.size(input),
      outSize: this.#plan.network.features[output.feature].size,
    }, { channels: input.channels, pitch: this.#tensors.pitch(input) });
  }

  #gradientWindows({ kernel, stride }: Convolution, gradient: ChannelRange, result: ChannelRange): Windows {
    return gradientWindows({
      kernel,
      stride,
      inSize: this.#tensors.size(result),
      outSize: this.#tensors.size(gradient),
    }, { channels: gradient.channels, pitch: this.#tensors.pitch(gradient) });
  }

  #convolve(segment: Segment, { windows, input, output, weights, bias, relu }: {
    windows: Windows;
    input: ChannelRange;
    output: GradientRange;
    weights: number;
    bias?: number;
    relu: boolean;
  }): void {
    const pixels = Math.min(...windows.phases.map(({ outPixels }) => outPixels.length));
    const group = Math.ceil(FULL_TILES / pixels);
    segment.group = Math.max(segment.group, group);
    if (windows.border > 0) this.#scratch(group * windows.bytes);
    segment.samples.push(writeOperation("convolve", {
      input: this.#tensors.at(input),
      inBytes: this.#tensors.bytes(input),
      inPitch: this.#tensors.pitch(input),
      inSize: this.#tensors.size(input),
      inChannels: input.channels,
      border: windows.border,
      output: this.#tensors.at(output),
      outBytes: this.#tensors.bytes(output),
      outChannels: output.channels,
      bias: bias ?? this.#zeros,
      hasBias: Number(bias !== undefined),
      accumulate: Number(output.accumulate),
      relu: Number(relu),
      group,
      ...this.#phases(windows, input, output, { samples: group, weights }),
    }));
  }

  /** Tables of a group of samples. */
  #phases(
    windows: Windows,
    input: ChannelRange,
    output: ChannelRange,
    { samples, weights }: { samples: number; weights: number },
  ): { phases: number; phase: number } {
    const inBytes = windows.border > 0 ? windows.bytes : this.#tensors.bytes(input);
    const outBytes = this.#tensors.bytes(output);
    const outPitch = this.#tensors.pitch(output);
    const width = panelWidth(output.channels);
    let address = weights;
    const structs = windows.phases.map((phase) => {
      const { inPixels, outPixels, moves, runLength, taps } = phase;
      const fields = {
        inPixels: this.#table(repeat(inPixels, samples, inBytes)),
        outPixels: this.#table(repeat(outPixels.map((pixel) => pixel * outPitch), samples, outBytes)),
        pixels: outPixels.length,
        moves: this.#table(moves),
        runs: moves.length,
        runLength,
        weights: address,
        taps: taps.length,
        tapIndices: this.#table(taps),
      };
      address += 4 * width * moves.length * runLength;
      return writeStruct("Phase", fields);
    });
    return { phases: structs.length, phase: this.#keep(concat(structs)) };
  }

  #weightGradient({ layer, input, gradient }: Extract<TrainingStep, { kind: "weight-gradient" }>): Uint8Array {
    const windows = this.#forwardWindows(layer, input);
    const [{ inPixels, moves, runLength }] = windows.phases;
    const gradientBytes = this.#tensors.bytes(gradient);
    const inBytes = windows.border > 0 ? windows.bytes : this.#tensors.bytes(input);
    const group = Math.max(1, Math.min(this.#options.batch, Math.floor(NEAR_BYTES / (inBytes + gradientBytes))));
    if (windows.border > 0) this.#scratch(group * windows.bytes);
    const { toGradient } = this.#parameters;
    return writeOperation("weight-gradient", {
      input: this.#tensors.at(input),
      inBytes: this.#tensors.bytes(input),
      inPitch: this.#tensors.pitch(input),
      inSize: this.#tensors.size(input),
      inChannels: input.channels,
      border: windows.border,
      paddedBytes: windows.bytes,
      inPixels: this.#table(inPixels),
      pixels: inPixels.length,
      runs: moves.length,
      runLength,
      runOffsets: this.#table(moves.map((gap, run) => run * (gap + 4 * runLength))),
      gradient: this.#tensors.at(gradient),
      gradientBytes,
      gradientPitch: this.#tensors.pitch(gradient),
      outChannels: gradient.channels,
      group,
      result: this.#parameters.at(`${layer.name}.weight`) + toGradient,
      hasBias: Number(layer.bias),
      biasResult: layer.bias ? this.#parameters.at(`${layer.name}.bias`) + toGradient : 0,
    });
  }

  #norm(
    name: "statistics" | "coefficients" | "normalize" | "gradient-sums" | "gradient-coefficients" | "norm-gradient",
    layer: NormedConvolution,
    { input, output }: { input: ChannelRange; output?: ChannelRange },
    { isRunning = false } = {},
  ): Uint8Array {
    const { coefficients, mean, variance } = this.#norms.get(layer.norm)!;
    const quads = quadsOf(input.channels);
    const isBackward = name.includes("gradient");
    const needsSums = name !== "normalize" && name !== "norm-gradient" && !isRunning;
    const parameter = (part: string) => this.#parameters.at(`${layer.norm}.${part}`);
    return writeOperation(name, {
      input: this.#tensors.at(input),
      pixels: this.#tensors.size(input) ** 2,
      quads,
      channels: input.channels,
      output: output ? this.#tensors.at(output) : 0,
      outPitch: output ? this.#tensors.pitch(output) : 0,
      relu: Number(layer.relu),
      sums: needsSums ? this.#temporary(isBackward ? "gradient sums" : "sums", layer) : 0,
      coefficients,
      coefficientBytes: 6 * 16 * quads,
      isRunning: Number(isRunning),
      runningMean: parameter("running_mean"),
      runningVariance: parameter("running_var"),
      batchMean: mean,
      batchVariance: variance,
      weight: parameter("weight"),
      bias: parameter("bias"),
      weightGradient: parameter("weight") + this.#parameters.toGradient,
      biasGradient: parameter("bias") + this.#parameters.toGradient,
    });
  }

  #window(
    name: "max-pool" | "max-pool-gradient" | "resize" | "resize-gradient" | "relu-gradient",
    input: ChannelRange,
    output: ChannelRange,
    result?: ChannelRange,
  ): Uint8Array {
    return writeOperation(name, {
      input: this.#tensors.at(input),
      inBytes: this.#tensors.bytes(input),
      inPitch: this.#tensors.pitch(input),
      inSize: this.#tensors.size(input),
      output: this.#tensors.at(output),
      outBytes: this.#tensors.bytes(output),
      outPitch: this.#tensors.pitch(output),
      outSize: this.#tensors.size(output),
      channels: output.channels,
      result: result ? this.#tensors.at(result) : 0,
      resultBytes: result ? this.#tensors.bytes(result) : 0,
      resultPitch: result ? this.#tensors.pitch(result) : 0,
    });
  }

  #zero(output: ChannelRange): Uint8Array {
    return writeOperation("zero", {
      output: this.#tensors.at(output),
      pixels: this.#tensors.size(output) ** 2,
      pitch: this.#tensors.pitch(output),
      channels: output.channels,
    });
  }

  #classifier(
    name: "classify" | "loss" | "linear-gradient" | "pooled-gradient",
    exit: number,
    ranges: { input?: ChannelRange; result?: GradientRange } = {},
  ): Uint8Array {
    const { batch, loss } = this.#options;
    const { means, logits, layer } = this.#heads.get(exit)!;
    const input = ranges.input ?? { tensor: 0, channel: 0 };
    const { result } = ranges;
    const quads = quadsOf(layer.input.channels);
    this.#scratch(16 * quads);
    const weights = this.#parameters.at(`${layer.name}.weight`);
    const bias = this.#parameters.at(`${layer.name}.bias`);
    return writeOperation(name, {
      input: this.#tensors.at(input),
      inBytes: this.#tensors.bytes(input),
      inPitch: this.#tensors.pitch(input),
      inSize: this.#tensors.size(input),
      pool: layer.pool,
      quads,
      channels: layer.input.channels,
      classes: layer.classes,
      means,
      logits,
      weights,
      bias,
      losses: this.#losses + 8 * batch * exit,
      right: this.#right + 4 * batch * exit,
      smoothing: loss.labelSmoothing,
      lossWeight: loss.exits[exit],
      weightGradient: weights + this.#parameters.toGradient,
      biasGradient: bias + this.#parameters.toGradient,
      result: result ? this.#tensors.at(result) : 0,
      resultBytes: result ? this.#tensors.bytes(result) : 0,
      resultPitch: result ? this.#tensors.pitch(result) : 0,
      accumulate: Number(result?.accumulate ?? false),
    });
  }

  /** The optimiser, unless a loss is not finite. */
  #descend(): void {
    const { batch, optimizer, gradients, average } = this.#options;
    const { groups, toGradient, toVelocity, toAverage } = this.#parameters;
    const whole = [writeOperation("finite", {
      losses: this.#losses,
      exits: this.#plan.network.exits.length,
      exitBytes: 8 * batch,
      stopped: this.#stopped,
    })];
    for (const { address, length, decays, exits } of groups) {
      whole.push(writeOperation("descend", {
        quads: length / 4,
        parameters: address,
        gradients: address + toGradient,
        velocities: address + toVelocity,
        average: toAverage > 0 ? address + toAverage : 0,
        momentum: optimizer.momentum,
        decay: decays ? optimizer.weightDecay : 0,
        share: gradients === "equilibrium" ? 1 / exits : 1,
        keep: average,
        nesterov: Number(optimizer.nesterov),
      }));
    }
    for (const step of this.#plan.forward) {
      if (step.kind !== "norm-statistics") continue;
      const { mean, variance } = this.#norms.get(step.layer.norm)!;
      for (const [name, batch] of [["running_mean", mean], ["running_var", variance]] as const) {
        const running = this.#parameters.at(`${step.layer.norm}.${name}`);
        whole.push(writeOperation("running", {
          quads: quadsOf(step.input.channels),
          running,
          batch,
          average: toAverage > 0 ? running + toAverage : 0,
          keep: average,
        }));
      }
    }
    this.#segments.push({ whole, samples: [], group: 1 });
  }

  #scratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  /** The address of words that are always the same. */
  #table(words: readonly number[]): number {
    const bytes = new Uint8Array(Uint32Array.from(words).buffer);
    const key = words.join();
    const address = this.#tables.get(key) ?? this.#keep(bytes);
    this.#tables.set(key, address);
    return address;
  }

  #keep(bytes: Uint8Array): number {
    const address = this.#allocator.take(bytes.length);
    this.#contents.push({ address, bytes });
    return address;
  }
}

/** A new segment starts with a step that needs what all threads left. */
function splitAtBarriers(steps: readonly TrainingStep[]): TrainingStep[][] {
  const segments: TrainingStep[][] = [];
  for (const step of steps) {
    if (segments.length === 0 || waits(step)) segments.push([]);
    segments[segments.length - 1].push(step);
  }
  return segments;
}

function waits(step: TrainingStep): boolean {
  switch (step.kind) {
    case "norm":
      return step.statistics === "batch";
    case "norm-gradient":
    case "weight-gradient":
    case "classifier-gradient":
      return true;
    default:
      return false;
  }
}

function keyOf(kind: TemporaryKind, layer: Layer): string {
  return layer.kind === "convolution" ? `${kind} ${layer.name}` : kind;
}

function repeat(pixels: readonly number[], samples: number, bytes: number): number[] {
  return Array.from({ length: samples }, (_, sample) => pixels.map((pixel) => pixel + sample * bytes)).flat();
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
