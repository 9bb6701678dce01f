/**
 * What each step of a training plan is for kernels/train.as: its operations, their addresses filled in.
 *
 * @module
 */

import type { Convolution, View } from "../../network/network.ts";
import { quadsOf } from "../../planner/plan.ts";
import type { GradientView, NormedConvolution, TrainingPlan, TrainingStep } from "../../planner/training_plan.ts";
import type { TrainerOptions } from "../trainer.ts";
import { concat } from "./bytes.ts";
import { panelWidth } from "./packed_parameters.ts";
import { partsOf, type TrainingLayout, weightLength, type WinogradShape, winogradShape } from "./training_layout.ts";
import { type Arguments, writeOperation, writeStruct } from "./training_operations.ts";
import { forwardWindows, gradientWindows, insidePlaces, type Windows } from "./windows.ts";
import { PATCHES, PLACES } from "./winograd.ts";

/** Pixels that a convolution works on at a time where a sample has fewer: enough to fill its tiles. */
const FULL_TILES = 48;

/** Bytes of inputs that a weight gradient goes over again and again: they stay in a core's cache. */
const NEAR_BYTES = 2 ** 19;

/** Operations between two barriers. */
export interface Segment {
  /** On all samples, shared among threads. */
  readonly whole: Uint8Array[];
  /** On samples, a few at a time. */
  readonly samples: Uint8Array[];
  /** How many. */
  group: number;
}

/** Writes steps' operations. */
export class StepWriter {
  readonly #plan: TrainingPlan;
  readonly #layout: TrainingLayout;
  readonly #options: TrainerOptions;

  /** For a plan whose numbers lie as `layout` says. */
  constructor(plan: TrainingPlan, layout: TrainingLayout, options: TrainerOptions) {
    this.#plan = plan;
    this.#layout = layout;
    this.#options = options;
  }

  /** Appends a step's operations to its segment. */
  append(step: TrainingStep, segment: Segment): void {
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
        samples.push(this.#window(step.kind, step.reads[0], step.writes[0]));
        break;
      case "resize":
        samples.push(this.#resize(step.kind, step.reads[0], step.writes[0]));
        break;
      case "max-pool-gradient":
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        samples.push(this.#window(step.kind, step.input, step.gradient, step.result));
        break;
      case "resize-gradient":
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        samples.push(this.#resize(step.kind, step.result, step.gradient, step.result));
        break;
      case "classifier":
        samples.push(this.#classifier("classify", step.exit, { input: step.reads[0] }));
        break;
      case "loss":
        samples.push(this.#classifier("loss", step.exit));
        break;
      case "classifier-gradient":
        whole.push(this.#classifier("linear-gradient", step.layer.exit, step));
        if (step.result) samples.push(this.#classifier("pooled-gradient", step.layer.exit, step));
        break;
      case "zero":
        samples.push(this.#zero(step.output));
        break;
      default:
        step satisfies never;
    }
  }

  #convolution(layer: Convolution, segment: Segment): void {
    const { reads: [input], writes: [output], relu } = layer;
    const winograd = winogradShape(layer);
    if (winograd) return this.#winograd(winograd, segment, { input, output });
    const windows = this.#forwardWindows(layer);
    this.#convolve(segment, {
      windows,
      input,
      output: { ...output, channels: this.#written(output), accumulate: false },
      weights: this.#layout.parameters.at(`${layer.name}.weight`),
      bias: layer.bias ? this.#layout.parameters.at(`${layer.name}.bias`) : undefined,
      relu,
    });
  }

  #inputGradient(step: Extract<TrainingStep, { kind: "input-gradient" }>, segment: Segment): void {
    const { layer, gradient, result } = step;
    const winograd = winogradShape(step);
    if (winograd) return this.#winograd(winograd, segment, { input: gradient, output: result });
    const windows = this.#gradientWindows(layer, gradient, result);
    const weights = this.#layout.temporary("transposed", layer);
    this.#convolve(segment, { windows, input: gradient, output: result, weights, relu: false });
  }

  #winograd(
    { layer, inputs, outputs, filter }: WinogradShape,
    segment: Segment,
    { input, output }: { input: View; output: View },
  ): void {
    const { tensors } = this.#layout;
    const size = tensors.size(input);
    const group = Math.ceil(PATCHES / Math.ceil(size / 2) ** 2);
    segment.group = Math.max(segment.group, group);
    const [inPatch, outPatch] = [16 * quadsOf(inputs), 4 * panelWidth(outputs)];
    // A patch may reach over the last row, and its last quad over that.
    const copyBytes = Math.ceil((4 * inputs * (size + 2) * ((size + 2) * group + 1)) / 16 + 2) * 16;
    this.#layout.needScratch(copyBytes + PLACES * PATCHES * (inPatch + outPatch));
    const patches = (bytes: number) => this.#layout.table(Array.from({ length: PATCHES }, (_, patch) => patch * bytes));
    segment.samples.push(writeOperation("winograd", {
      input: tensors.at(input),
      inBytes: tensors.bytes(input),
      inPitch: tensors.pitch(input),
      inSize: size,
      inChannels: inputs,
      output: tensors.at(output),
      outBytes: tensors.bytes(output),
      outPitch: tensors.pitch(output),
      outChannels: this.#written(output),
      group,
      filter: this.#layout.temporary(filter, layer),
      placeBytes: inputs * outPatch,
      copyBytes,
      inPatch,
      outPatch,
      inPatches: patches(inPatch),
      outPatches: patches(outPatch),
      zeros: this.#layout.zeros,
    }));
  }

  /** Channels of a range that are written: padding of a tensor of its own too, with zeros, like that of the weights. */
  #written({ feature, offset, channels }: View): number {
    const isWhole = offset === 0 && channels === this.#plan.features[feature].channels;
    return isWhole ? 4 * quadsOf(channels) : channels;
  }

  /** Appends what makes weights ready for a step that does not read them as they are, to the segment before it. */
  appendWeights(step: TrainingStep, { whole }: Segment): void {
    if (step.kind === "input-gradient") whole.push(this.#transpose(step));
    const winograd = winogradShape(step);
    if (!winograd) return;
    const { layer, inputs, outputs, filter } = winograd;
    whole.push(writeOperation("filter", {
      weights: step.kind === "convolution"
        ? this.#layout.parameters.at(`${layer.name}.weight`)
        : this.#layout.temporary("transposed", layer),
      inChannels: inputs,
      outChannels: outputs,
      filter: this.#layout.temporary(filter, layer),
      placeBytes: 4 * inputs * panelWidth(outputs),
    }));
  }

  #transpose({ layer, gradient, result }: Extract<TrainingStep, { kind: "input-gradient" }>): Uint8Array {
    const windows = this.#gradientWindows(layer, gradient, result);
    return writeOperation("transpose", {
      weights: this.#layout.parameters.at(`${layer.name}.weight`),
      inChannels: layer.reads[0].channels,
      outChannels: layer.writes[0].channels,
      taps: layer.kernel ** 2,
      ...this.#phases(windows, gradient, result, { samples: 1, weights: this.#layout.temporary("transposed", layer) }),
    });
  }

  #forwardWindows({ kernel, stride, reads: [input], writes: [output] }: Convolution): Windows {
    return forwardWindows({
      kernel,
      stride,
      inSize: this.#layout.tensors.size(input),
      outSize: this.#layout.tensors.size(output),
    }, { channels: input.channels, pitch: this.#layout.tensors.pitch(input) });
  }

  #gradientWindows({ kernel, stride }: Convolution, gradient: View, result: View): Windows {
    return gradientWindows({
      kernel,
      stride,
      inSize: this.#layout.tensors.size(result),
      outSize: this.#layout.tensors.size(gradient),
    }, { channels: gradient.channels, pitch: this.#layout.tensors.pitch(gradient) });
  }

  #convolve(segment: Segment, { windows, input, output, weights, bias, relu }: {
    windows: Windows;
    input: View;
    output: GradientView;
    weights: number;
    bias?: number;
    relu: boolean;
  }): void {
    const pixels = Math.min(...windows.phases.map(({ outPixels }) => outPixels.length));
    const group = Math.ceil(FULL_TILES / pixels);
    segment.group = Math.max(segment.group, group);
    if (windows.border > 0) this.#layout.needScratch(group * windows.bytes);
    segment.samples.push(writeOperation("convolve", {
      input: this.#layout.tensors.at(input),
      inBytes: this.#layout.tensors.bytes(input),
      inPitch: this.#layout.tensors.pitch(input),
      inSize: this.#layout.tensors.size(input),
      inChannels: input.channels,
      border: windows.border,
      output: this.#layout.tensors.at(output),
      outBytes: this.#layout.tensors.bytes(output),
      outChannels: output.channels,
      bias: bias ?? this.#layout.zeros,
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
    input: View,
    output: View,
    { samples, weights }: { samples: number; weights: number },
  ): { phases: number; phase: number } {
    const inBytes = windows.border > 0 ? windows.bytes : this.#layout.tensors.bytes(input);
    const outBytes = this.#layout.tensors.bytes(output);
    const outPitch = this.#layout.tensors.pitch(output);
    const width = panelWidth(output.channels);
    let address = weights;
    const structs = windows.phases.map((phase) => {
      const { inPixels, outPixels, moves, runLength, taps } = phase;
      const fields = {
        inPixels: this.#layout.table(repeat(inPixels, samples, inBytes)),
        outPixels: this.#layout.table(repeat(outPixels.map((pixel) => pixel * outPitch), samples, outBytes)),
        pixels: outPixels.length,
        moves: this.#layout.table(moves),
        runs: moves.length,
        runLength,
        weights: address,
        taps: taps.length,
        tapIndices: this.#layout.table(taps),
      };
      address += 4 * width * moves.length * runLength;
      return writeStruct("Phase", fields);
    });
    return { phases: structs.length, phase: this.#layout.keep(concat(structs)) };
  }

  /** Appends what joins the parts of a weight gradient, if it has any, to a segment behind it. */
  appendJoin({ layer }: Extract<TrainingStep, { kind: "weight-gradient" }>, { whole }: Segment): void {
    if (partsOf(layer) === 1) return;
    const { parameters } = this.#layout;
    whole.push(writeOperation("join", {
      partial: this.#layout.temporary("parts", layer),
      parts: partsOf(layer),
      partBytes: 4 * weightLength(layer),
      result: parameters.at(`${layer.name}.weight`) + parameters.toGradient,
    }));
  }

  #weightGradient({ layer, input, gradient }: Extract<TrainingStep, { kind: "weight-gradient" }>): Uint8Array {
    const { tensors, parameters } = this.#layout;
    const [inBytes, gradientBytes] = [tensors.bytes(input), tensors.bytes(gradient)];
    const taps = insidePlaces(
      { ...layer, inSize: tensors.size(input), outSize: tensors.size(gradient) },
      { input: tensors.pitch(input), output: tensors.pitch(gradient) },
    ).map((places) => writeStruct("Tap", { places: this.#layout.table(places), pixels: places.length / 2 }));
    return writeOperation("weight-gradient", {
      input: tensors.at(input),
      inBytes,
      inChannels: input.channels,
      taps: taps.length,
      tap: this.#layout.keep(concat(taps)),
      gradient: tensors.at(gradient),
      gradientBytes,
      gradientPitch: tensors.pitch(gradient),
      outPixels: tensors.size(gradient) ** 2,
      outChannels: gradient.channels,
      group: Math.max(1, Math.min(this.#options.batch, Math.floor(NEAR_BYTES / (inBytes + gradientBytes)))),
      result: partsOf(layer) > 1
        ? this.#layout.temporary("parts", layer)
        : parameters.at(`${layer.name}.weight`) + parameters.toGradient,
      parts: partsOf(layer),
      partBytes: 4 * weightLength(layer),
      hasBias: Number(layer.bias),
      biasResult: layer.bias ? parameters.at(`${layer.name}.bias`) + parameters.toGradient : 0,
    });
  }

  #norm(
    name: "statistics" | "coefficients" | "normalize" | "gradient-sums" | "gradient-coefficients" | "norm-gradient",
    layer: NormedConvolution,
    { input, output }: { input: View; output?: View },
    { isRunning = false } = {},
  ): Uint8Array {
    const { coefficients, mean, variance } = this.#layout.norm(layer);
    const quads = quadsOf(input.channels);
    const isBackward = name.includes("gradient");
    const needsSums = name !== "normalize" && name !== "norm-gradient" && !isRunning;
    const parameter = (part: string) => this.#layout.parameters.at(`${layer.norm}.${part}`);
    return writeOperation(name, {
      input: this.#layout.tensors.at(input),
      pixels: this.#layout.tensors.size(input) ** 2,
      quads,
      channels: input.channels,
      output: output ? this.#layout.tensors.at(output) : 0,
      outPitch: output ? this.#layout.tensors.pitch(output) : 0,
      relu: Number(layer.relu),
      sums: needsSums ? this.#layout.temporary(isBackward ? "gradient sums" : "sums", layer) : 0,
      coefficients,
      coefficientBytes: 6 * 16 * quads,
      isRunning: Number(isRunning),
      runningMean: parameter("running_mean"),
      runningVariance: parameter("running_var"),
      batchMean: mean,
      batchVariance: variance,
      weight: parameter("weight"),
      bias: parameter("bias"),
      weightGradient: parameter("weight") + this.#layout.parameters.toGradient,
      biasGradient: parameter("bias") + this.#layout.parameters.toGradient,
    });
  }

  #window(
    name: "max-pool" | "max-pool-gradient" | "relu-gradient",
    input: View,
    output: View,
    result?: View,
  ): Uint8Array {
    return writeOperation(name, this.#fromTo(input, output, result));
  }

  #resize(
    name: "resize" | "resize-gradient",
    input: View,
    output: View,
    result?: View,
  ): Uint8Array {
    const { tensors } = this.#layout;
    const places = this.#layout.table(resizePlaces(tensors.size(input), tensors.size(output)));
    return writeOperation(name, { ...this.#fromTo(input, output, result), places });
  }

  #fromTo(input: View, output: View, result?: View): Arguments<"max-pool"> {
    return {
      input: this.#layout.tensors.at(input),
      inBytes: this.#layout.tensors.bytes(input),
      inPitch: this.#layout.tensors.pitch(input),
      inSize: this.#layout.tensors.size(input),
      output: this.#layout.tensors.at(output),
      outBytes: this.#layout.tensors.bytes(output),
      outPitch: this.#layout.tensors.pitch(output),
      outSize: this.#layout.tensors.size(output),
      channels: output.channels,
      result: result ? this.#layout.tensors.at(result) : 0,
      resultBytes: result ? this.#layout.tensors.bytes(result) : 0,
      resultPitch: result ? this.#layout.tensors.pitch(result) : 0,
    };
  }

  #zero(output: View): Uint8Array {
    return writeOperation("zero", {
      output: this.#layout.tensors.at(output),
      pixels: this.#layout.tensors.size(output) ** 2,
      pitch: this.#layout.tensors.pitch(output),
      channels: output.channels,
    });
  }

  #classifier(
    name: "classify" | "loss" | "linear-gradient" | "pooled-gradient",
    exit: number,
    ranges: { input?: View; result?: GradientView } = {},
  ): Uint8Array {
    const { batch, loss } = this.#options;
    const { means, logits, layer } = this.#layout.head(exit);
    const input = ranges.input ?? { feature: 0, offset: 0 };
    const { result } = ranges;
    const quads = quadsOf(layer.reads[0].channels);
    this.#layout.needScratch(16 * quads);
    const weights = this.#layout.parameters.at(`${layer.name}.weight`);
    const bias = this.#layout.parameters.at(`${layer.name}.bias`);
    return writeOperation(name, {
      input: this.#layout.tensors.at(input),
      inBytes: this.#layout.tensors.bytes(input),
      inPitch: this.#layout.tensors.pitch(input),
      inSize: this.#layout.tensors.size(input),
      pool: layer.pool,
      quads,
      channels: layer.reads[0].channels,
      classes: layer.classes,
      means,
      logits,
      weights,
      bias,
      losses: this.#layout.losses + 8 * batch * exit,
      right: this.#layout.right + 4 * batch * exit,
      smoothing: loss.labelSmoothing,
      lossWeight: loss.exits[exit],
      weightGradient: weights + this.#layout.parameters.toGradient,
      biasGradient: bias + this.#layout.parameters.toGradient,
      result: result ? this.#layout.tensors.at(result) : 0,
      resultBytes: result ? this.#layout.tensors.bytes(result) : 0,
      resultPitch: result ? this.#layout.tensors.pitch(result) : 0,
      accumulate: Number(result?.accumulate ?? false),
    });
  }
}

/** Where rows of a resized feature lie among those of the original, corners aligned: `places` of kernels/resize/training.as. */
function resizePlaces(inSize: number, outSize: number): number[] {
  const scale = outSize > 1 ? (inSize - 1) / (outSize - 1) : 0;
  return Array.from({ length: outSize }, (_, i) => {
    const before = Math.max(0, Math.min(Math.floor(i * scale), inSize - 2));
    return [before, new Uint32Array(Float32Array.of(i * scale - before).buffer)[0]];
  }).flat();
}

function repeat(pixels: readonly number[], samples: number, bytes: number): number[] {
  return Array.from({ length: samples }, (_, sample) => pixels.map((pixel) => pixel + sample * bytes)).flat();
}
