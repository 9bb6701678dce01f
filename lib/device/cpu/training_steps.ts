/**
 * Writes the operations of kernels/train.as for each step of a training plan.
 *
 * @module
 */

import { concat } from "../../io/bytes.ts";
import { type Activation, activationCode } from "../../network/activation.ts";
import type { Convolution, DepthwiseConvolution, View } from "../../network/network.ts";
import { areaOf } from "../../network/size.ts";
import { quadsOf } from "../../planner/plan.ts";
import {
  dropoutNumbers,
  type GradientView,
  type NormedConvolution,
  type TrainingPlan,
  type TrainingStep,
} from "../../planner/training_plan.ts";
import { distillationAt, type TrainerOptions } from "../trainer.ts";
import { writeOperation, writeStruct } from "./abi.ts";
import {
  filterArguments,
  gradientArguments,
  inputArguments,
  lowerConvolution,
  lowerDepthwise,
  type Lowered,
  lowerExcitation,
  lowerPhases,
  lowerResize,
  lowerStridedWinograd,
  lowerWindow,
  lowerWinograd,
  lowerWinogradWeights,
  type Place,
} from "./lower.ts";
import { type CpuTrainingLayout, partsOf, weightLength, type WinogradShape, winogradShape } from "./training_layout.ts";
import { isWorthWinogradWeights } from "./winograd.ts";
import { forwardWindows, geometryKey, gradientWindows, insidePlaces, type Windows } from "./windows.ts";

/** Bytes of inputs that a weight gradient reads repeatedly: they stay in a core's cache. */
const NEAR_BYTES = 2 ** 19;

/** Operations between two barriers. */
export interface Segment {
  /** Operations on all samples, divided among threads. */
  readonly whole: Uint8Array[];
  /** Operations on a few samples at a time. */
  readonly samples: Uint8Array[];
  /** Number of samples at a time. */
  group: number;
}

/** Writes steps' operations. */
export class StepWriter {
  readonly #plan: TrainingPlan;
  readonly #layout: CpuTrainingLayout;
  readonly #options: TrainerOptions;

  /** Creates a writer for a plan with this layout. */
  constructor(plan: TrainingPlan, layout: CpuTrainingLayout, options: TrainerOptions) {
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
      case "depthwise": {
        const output = this.#whole(step.writes[0]);
        samples.push(this.#depthwise(step, { input: this.#place(step.reads[0]), output, activation: step.activation }));
        break;
      }
      case "depthwise-input-gradient": {
        const { layer, gradient, result } = step;
        const places = { input: this.#place(gradient), output: this.#place(result), activation: "none" } as const;
        samples.push(this.#depthwise(layer, places, { gradient: true, accumulate: result.accumulate }));
        break;
      }
      case "depthwise-weight-gradient":
        whole.push(this.#depthwiseWeightGradient(step));
        break;
      case "squeeze":
        samples.push(lowerWindow(step.kind, this.#place(step.reads[0]), this.#place(step.writes[0])));
        break;
      case "squeeze-gradient": {
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        const result = this.#place(step.result);
        samples.push(lowerWindow(step.kind, result, this.#place(step.gradient), { result }));
        break;
      }
      case "excitation": {
        const [input, gates, output] = [...step.reads, ...step.writes].map((view) => this.#place(view));
        samples.push(lowerExcitation(step.gate, { input, gates, output }));
        break;
      }
      case "excitation-gradient": {
        const [input, gates, output] = [step.input, step.gates, step.gradient].map((view) => this.#place(view));
        const into = (view: GradientView) => ({ place: this.#place(view), accumulate: view.accumulate });
        const gradients = { input: into(step.result), gates: into(step.gatesResult) };
        samples.push(lowerExcitation(step.layer.gate, { input, gates, output, gradients }));
        break;
      }
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
        samples.push(lowerWindow("relu-gradient", this.#place(step.output), this.#place(step.gradient)));
        break;
      case "input-gradient":
        this.#inputGradient(step, segment);
        break;
      case "weight-gradient":
        whole.push(this.#weightGradient(step));
        break;
      case "max-pool":
        samples.push(lowerWindow(step.kind, this.#place(step.reads[0]), this.#place(step.writes[0])));
        break;
      case "resize":
        samples.push(
          lowerResize(this.#layout, step.kind, this.#place(step.reads[0]), this.#place(step.writes[0])),
        );
        break;
      case "max-pool-gradient": {
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        const result = this.#place(step.result);
        samples.push(lowerWindow(step.kind, this.#place(step.input), this.#place(step.gradient), { result }));
        break;
      }
      case "resize-gradient": {
        if (!step.result.accumulate) samples.push(this.#zero(step.result));
        const result = this.#place(step.result);
        samples.push(lowerResize(this.#layout, step.kind, result, this.#place(step.gradient), { result }));
        break;
      }
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
      case "dropout": {
        const { at: output, bytes: outBytes, pitch: outPitch, size, channels } = this.#place(step.output);
        const numbers = dropoutNumbers(step);
        const pixels = areaOf(size);
        samples.push(
          writeOperation("dropout", { output, outBytes, outPitch, pixels, channels, exit: step.exit, ...numbers }),
        );
        break;
      }
      case "zero":
        samples.push(this.#zero(step.output));
        break;
      default:
        step satisfies never;
    }
  }

  #convolution(layer: Convolution, segment: Segment): void {
    const { reads: [input], writes: [output], activation } = layer;
    const { parameters } = this.#layout;
    const bias = layer.bias ? parameters.at(`${layer.name}.bias`) : undefined;
    const places = { input: this.#place(input), output: this.#whole(output), activation, bias };
    const winograd = winogradShape(layer);
    if (winograd) return this.#winograd(winograd, segment, places);
    push(
      segment,
      lowerConvolution(this.#layout, {
        ...places,
        windows: this.#forwardWindows(layer),
        weights: parameters.at(`${layer.name}.weight`),
      }),
    );
  }

  #inputGradient(step: Extract<TrainingStep, { kind: "input-gradient" }>, segment: Segment): void {
    const { layer, gradient, result } = step;
    const input = this.#place(gradient);
    const winograd = winogradShape(step);
    if (winograd) {
      const output = result.accumulate ? this.#place(result) : this.#whole(result);
      return this.#winograd(winograd, segment, { input, output, activation: "none", accumulate: result.accumulate });
    }
    push(
      segment,
      lowerConvolution(this.#layout, {
        input,
        output: this.#place(result),
        accumulate: result.accumulate,
        activation: "none",
        windows: this.#gradientWindows(layer, gradient, result),
        weights: this.#layout.temporary("transposed", layer),
      }),
    );
  }

  #depthwise(
    layer: DepthwiseConvolution,
    places: { readonly input: Place; readonly output: Place; readonly activation: Activation },
    options: { readonly gradient?: boolean; readonly accumulate?: boolean } = {},
  ): Uint8Array {
    const { channels } = layer.writes[0];
    const weights = this.#layout.parameters.at(`${layer.name}.weight`);
    return lowerDepthwise(layer, { ...places, ...options, channels, weights });
  }

  #depthwiseWeightGradient(
    { layer, input, gradient }: Extract<TrainingStep, { kind: "depthwise-weight-gradient" }>,
  ): Uint8Array {
    const { parameters } = this.#layout;
    const { kernel, stride } = layer;
    const [from, to] = [this.#place(input), this.#place(gradient)];
    // A thread's sums, in float64.
    this.#layout.needScratch(32 * kernel ** 2 * quadsOf(to.channels));
    return writeOperation("depthwise-weight-gradient", {
      ...inputArguments(from),
      ...gradientArguments(to),
      outHeight: to.size.height,
      outWidth: to.size.width,
      channels: to.channels,
      kernel,
      stride,
      result: parameters.at(`${layer.name}.weight`) + parameters.toGradient,
    });
  }

  #winograd(
    { layer, outputs, filter: kind, isStrided }: WinogradShape,
    segment: Segment,
    { accumulate = false, ...places }: {
      readonly input: Place;
      readonly output: Place;
      readonly activation: Activation;
      readonly bias?: number;
      readonly accumulate?: boolean;
    },
  ): void {
    const filter = this.#layout.temporary(kind, layer);
    const name = kind === "filter" ? "strided-winograd" : "strided-winograd-gradient";
    push(
      segment,
      isStrided
        ? lowerStridedWinograd(this.#layout, name, { ...places, outputs, filter, accumulate })
        : lowerWinograd(this.#layout, { ...places, outputs, filter }),
    );
  }

  #place(view: View): Place {
    return this.#layout.tensors.place(view);
  }

  /** The channels that are written. If they are a whole feature, its padding is written too, with zeros. */
  #whole(view: View): Place {
    const place = this.#place(view);
    const isWhole = view.offset === 0 && view.channels === this.#plan.features[view.feature].channels;
    return isWhole ? { ...place, channels: 4 * quadsOf(view.channels) } : place;
  }

  /** Appends the transformation of a step's weights, if it needs one, to the segment before the step. */
  appendWeights(step: TrainingStep, { whole }: Segment): void {
    if (step.kind === "input-gradient") whole.push(this.#transpose(step));
    const winograd = winogradShape(step);
    if (!winograd) return;
    const { layer, inputs, outputs, filter, isStrided } = winograd;
    const weights = step.kind === "convolution"
      ? this.#layout.parameters.at(`${layer.name}.weight`)
      : this.#layout.temporary("transposed", layer);
    const shape = { inputs, outputs, weights, filter: this.#layout.temporary(filter, layer) };
    whole.push(writeOperation(isStrided ? "strided-filter" : "filter", filterArguments(shape)));
  }

  #transpose(step: Extract<TrainingStep, { kind: "input-gradient" }>): Uint8Array {
    const { layer, gradient, result } = step;
    // A filter is made from all taps in reverse order, as without a stride.
    const stride = winogradShape(step)?.isStrided ? 1 : layer.stride;
    const windows = this.#gradientWindows({ ...layer, stride }, gradient, result);
    return writeOperation("transpose", {
      weights: this.#layout.parameters.at(`${layer.name}.weight`),
      inChannels: layer.reads[0].channels,
      outChannels: layer.writes[0].channels,
      taps: layer.kernel ** 2,
      ...lowerPhases(this.#layout, {
        windows,
        output: this.#place(result),
        weights: this.#layout.temporary("transposed", layer),
        samples: 1,
      }),
    });
  }

  #forwardWindows({ kernel, stride, reads, writes }: Convolution): Windows {
    const [input, output] = [...reads, ...writes].map((view) => this.#place(view));
    return forwardWindows({ kernel, stride, input: input.size, output: output.size }, input);
  }

  #gradientWindows({ kernel, stride }: Convolution, gradient: View, result: View): Windows {
    const [input, output] = [gradient, result].map((view) => this.#place(view));
    return gradientWindows({ kernel, stride, input: output.size, output: input.size }, input);
  }

  /** Appends the joining of a weight gradient's parts, if it has any, to a segment after it. */
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
    const { parameters } = this.#layout;
    const [from, to] = [this.#place(input), this.#place(gradient)];
    const channels = { inputs: input.channels, outputs: gradient.channels };
    if (partsOf(layer) === 1 && isWorthWinogradWeights(layer, { ...channels, size: to.size })) {
      const result = parameters.at(`${layer.name}.weight`) + parameters.toGradient;
      return lowerWinogradWeights(this.#layout, { input: from, gradient: to, result });
    }
    const { kernel, stride } = layer;
    const shape = { kernel, stride, input: from.size, output: to.size };
    const pitch = { input: from.pitch, output: to.pitch };
    const taps = this.#layout.remember(
      `taps ${[geometryKey(shape), ...Object.values(pitch)]}`,
      () =>
        insidePlaces(shape, pitch).map((places) =>
          writeStruct("Tap", { places: this.#layout.table(places), pixels: places.length / 2 })
        ),
    );
    return writeOperation("weight-gradient", {
      input: from.at,
      inBytes: from.bytes,
      inChannels: input.channels,
      taps: taps.length,
      tap: this.#layout.keep(concat(taps, Uint8Array)),
      ...gradientArguments(to),
      outPixels: areaOf(to.size),
      outChannels: gradient.channels,
      group: Math.max(1, Math.min(this.#options.batchSize, Math.floor(NEAR_BYTES / (from.bytes + to.bytes)))),
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
    const [from, to] = [this.#place(input), output && this.#place(output)];
    return writeOperation(name, {
      input: from.at,
      pixels: areaOf(from.size),
      quads,
      channels: input.channels,
      output: to?.at ?? 0,
      outPitch: to?.pitch ?? 0,
      activation: activationCode(layer.activation),
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

  #zero(view: View): Uint8Array {
    const { at, size, pitch, channels } = this.#place(view);
    return writeOperation("zero", { output: at, pixels: areaOf(size), pitch, channels });
  }

  #classifier(
    name: "classify" | "loss" | "linear-gradient" | "pooled-gradient",
    exit: number,
    views: { input?: View; result?: GradientView } = {},
  ): Uint8Array {
    const { batchSize, loss } = this.#options;
    const distillation = distillationAt(loss, exit);
    const { means, logits, layer } = this.#layout.head(exit);
    const input = this.#place(views.input ?? { feature: 0, offset: 0, channels: 0 });
    const result = views.result && this.#place(views.result);
    const quads = quadsOf(layer.reads[0].channels);
    this.#layout.needScratch(16 * quads);
    const weights = this.#layout.parameters.at(`${layer.name}.weight`);
    const bias = this.#layout.parameters.at(`${layer.name}.bias`);
    return writeOperation(name, {
      ...inputArguments(input),
      poolHeight: layer.pool.height,
      poolWidth: layer.pool.width,
      quads,
      channels: layer.reads[0].channels,
      classes: layer.classes,
      means,
      logits,
      reweight: layer.reweight ?? 0,
      before: exit > 0 ? this.#layout.head(exit - 1).logits : 0,
      weights,
      bias,
      losses: this.#layout.losses + 8 * batchSize * exit,
      correct: this.#layout.correct + 4 * batchSize * exit,
      smoothing: loss.labelSmoothing,
      lossWeight: loss.exits[exit],
      distilled: distillation.weight,
      temperature: distillation.temperature,
      teacher: this.#layout.head(loss.exits.length - 1).logits,
      seconds: this.#layout.seconds,
      shares: this.#layout.shares,
      weightGradient: weights + this.#layout.parameters.toGradient,
      biasGradient: bias + this.#layout.parameters.toGradient,
      result: result?.at ?? 0,
      resultBytes: result?.bytes ?? 0,
      resultPitch: result?.pitch ?? 0,
      accumulate: Number(views.result?.accumulate ?? false),
    });
  }
}

function push(segment: Segment, { operation, group }: Lowered): void {
  segment.samples.push(operation);
  segment.group = Math.max(segment.group, group);
}
