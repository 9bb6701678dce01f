/**
 * The memory layout of training on a device.
 *
 * - Features are stored as in inference, sample by sample, all features of a sample together. A batch can therefore be
 *   split among several arenas, whatever size an adapter can bind.
 * - A convolution before a batch norm writes to the same lanes as the norm's output, so that kernels of batch norm need
 *   not shift lanes.
 * - Parameters, including running statistics, are in one buffer as the kernels read them; gradients, velocities and
 *   averages have the same layout, so that the optimiser treats all alike. Padding lanes are zero in all of them.
 *
 * @module
 */

import type { Layer } from "../../network/network.ts";
import { areaOf } from "../../network/size.ts";
import { quadsOf, type Region, regionOf } from "../../planner/plan.ts";
import type { BackwardStep, TrainingPlan } from "../../planner/training_plan.ts";
import type { TrainerOptions } from "../trainer.ts";
import type { Tensor } from "../../weights/tensor.ts";

const [FIXED, RUNNING, LEARNS, DECAYS] = [0, 1, 2, 3];

/** The place of a parameter. */
export interface ParameterPlace {
  /** Its shape in PyTorch. */
  readonly shape: readonly number[];
  /** Index of its first number. */
  readonly first: number;
  /** Stride of each dimension, in numbers. */
  readonly strides: readonly number[];
}

/** The place of a batch norm's parameters. */
export interface NormPlace {
  /** Offset in quads of its weight, bias, running mean and running variance. */
  readonly parameters: number;
  /** Offset in quads, in the buffer of gradients, of the batch's mean and biased variance. */
  readonly statistics: number;
}

/** The memory layout of a network in training. */
export interface GpuTrainingLayout {
  /** Quads of zeros at the start of an arena; they are followed by a quad of ones. */
  readonly zeroQuads: number;
  /** Stride of samples in quads. */
  readonly sampleQuads: number;
  /** All channels of each feature, relative to the sample. */
  readonly features: readonly Region[];
  /** Parameters by PyTorch's names. */
  readonly parameters: ReadonlyMap<string, ParameterPlace>;
  /** Offset in quads of each layer's weights, which are followed by its bias. */
  readonly weights: ReadonlyMap<Layer, number>;
  /** Batch norms by name. */
  readonly norms: ReadonlyMap<string, NormPlace>;
  /** Quads of all parameters. */
  readonly parameterQuads: number;
  /** Quads of all parameters' gradients and the batch's statistics. */
  readonly gradientQuads: number;
}

/** Computes the layout. */
export function layOutTraining(plan: TrainingPlan): GpuTrainingLayout {
  const features = layOutFeatures(plan);
  const parameters = new Map<string, ParameterPlace>();
  const weights = new Map<Layer, number>();
  const norms = new Map<string, NormPlace>();
  let quads = 0;
  let statistics = 0;
  const vector = (name: string, length: number, shift = 0) => {
    parameters.set(name, { shape: [length], first: 4 * quads + shift, strides: [1] });
    quads += quadsOf(shift + length);
  };
  for (const step of plan.forward) {
    switch (step.kind) {
      case "convolution": {
        const { name, kernel, bias, reads: [input], writes: [output] } = step;
        weights.set(step, quads);
        const shift = regionOf(features, output).channel % 4;
        const pitch = 4 * quadsOf(shift + output.channels);
        const rows = 4 * quadsOf(input.channels);
        parameters.set(`${name}.weight`, {
          shape: [output.channels, input.channels, kernel, kernel],
          first: 4 * quads + shift,
          strides: [1, pitch, kernel * rows * pitch, rows * pitch],
        });
        quads += kernel ** 2 * rows * pitch / 4;
        if (bias) vector(`${name}.bias`, output.channels, shift);
        else quads += pitch / 4; // zeros, since the kernel adds a bias
        break;
      }
      case "depthwise": {
        const { name, kernel, writes: [{ channels }] } = step;
        weights.set(step, quads);
        const pitch = 4 * quadsOf(channels);
        parameters.set(`${name}.weight`, {
          shape: [channels, 1, kernel, kernel],
          first: 4 * quads,
          strides: [1, 1, kernel * pitch, pitch],
        });
        quads += (kernel ** 2 + 1) * pitch / 4; // then zeros, because the kernel adds a bias
        break;
      }
      case "norm": {
        const { layer: { norm }, output } = step;
        const shift = regionOf(features, output).channel % 4;
        norms.set(norm, { parameters: quads, statistics });
        for (const part of ["weight", "bias", "running_mean", "running_var"]) {
          vector(`${norm}.${part}`, output.channels, shift);
        }
        statistics += 2 * quadsOf(shift + output.channels);
        break;
      }
      case "classifier": {
        const { name, classes, reads: [{ channels }] } = step;
        weights.set(step, quads);
        const pitch = 4 * quadsOf(channels);
        parameters.set(`${name}.weight`, { shape: [classes, channels], first: 4 * quads, strides: [pitch, 1] });
        quads += classes * quadsOf(channels);
        vector(`${name}.bias`, classes);
        break;
      }
      case "squeeze":
      case "excitation":
      case "max-pool":
      case "resize":
      case "norm-statistics":
      case "loss":
        break;
      default:
        step satisfies BackwardStep;
    }
  }
  return {
    zeroQuads: Math.max(...features.map(({ pitch }) => pitch)),
    sampleQuads: features.reduce((sum, { size, pitch }) => sum + areaOf(size) * pitch, 0),
    features,
    parameters,
    weights,
    norms: new Map([...norms].map(([name, place]) => [name, { ...place, statistics: quads + place.statistics }])),
    parameterQuads: quads,
    gradientQuads: quads + statistics,
  };
}

function layOutFeatures({ features, forward }: TrainingPlan): Region[] {
  const norms = forward.filter((step) => step.kind === "norm");
  const shifts = new Map(norms.map(({ input, output }) => [input.feature, output.offset % 4]));
  let offset = 0;
  return features.map(({ size, channels }, i) => {
    const channel = shifts.get(i) ?? 0;
    const region = { offset, pitch: quadsOf(channel + channels), size, channel, channels };
    offset += areaOf(size) * region.pitch;
    return region;
  });
}

/** Copies tensors into the layout. */
export function packParameters(
  { parameters, parameterQuads }: GpuTrainingLayout,
  tensors: ReadonlyMap<string, Tensor>,
): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(4 * parameterQuads);
  for (const [name, place] of parameters) {
    const tensor = tensors.get(name);
    if (tensor) eachNumber(place, (at, i) => packed[at] = tensor.data[i]);
  }
  return packed;
}

/** Copies tensors out of the layout. */
export function unpackParameters(
  { parameters }: GpuTrainingLayout,
  packed: Float32Array,
  isWanted: (name: string) => boolean = () => true,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, place] of parameters) {
    if (!isWanted(name)) continue;
    const data = new Float32Array(place.shape.reduce((product, side) => product * side, 1));
    eachNumber(place, (at, i) => data[i] = packed[at]);
    tensors.set(name, { shape: place.shape, data });
  }
  return tensors;
}

/** The rule of the optimiser for each quad of the parameters, as kernels/training/sgd.wgsl reads it. */
export function optimizerRules(
  { parameters, parameterQuads }: GpuTrainingLayout,
  plan: TrainingPlan,
  { optimizer, gradients }: Pick<TrainerOptions, "optimizer" | "gradients">,
): Uint32Array<ArrayBuffer> {
  const rules = new Uint32Array(parameterQuads).fill(FIXED);
  const set = (name: string, rule: number) => {
    const { shape, first, strides } = parameters.get(name)!;
    const last = shape.reduce((at, side, i) => at + (side - 1) * strides[i], first);
    rules.fill(rule, Math.floor(first / 4), Math.floor(last / 4) + 1);
  };
  for (const step of plan.forward) {
    if (step.kind !== "norm-statistics") continue;
    for (const part of ["running_mean", "running_var"]) set(`${step.layer.norm}.${part}`, RUNNING);
  }
  for (const { name, isWeight, exits } of plan.parameters) {
    const decays = optimizer.decay === "all" || isWeight;
    set(name, 4 * (gradients === "equilibrium" ? exits : 1) + (decays ? DECAYS : LEARNS));
  }
  return rules;
}

function eachNumber({ shape, first, strides }: ParameterPlace, visit: (at: number, i: number) => void): void {
  let i = 0;
  const walk = (dimension: number, at: number) => {
    if (dimension === shape.length) return visit(at, i++);
    for (let index = 0; index < shape[dimension]; index++) walk(dimension + 1, at + index * strides[dimension]);
  };
  walk(0, first);
}
