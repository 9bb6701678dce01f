/**
 * A small network with fixed random weights that uses every kernel, and the results of the CPU runner for it.
 *
 * @module
 */

import { GATES } from "../../network/activation.ts";
import { buildRanet } from "../../network/ranet/build.ts";
import { layerParameters } from "../../network/cost.ts";
import type { Layer, Network } from "../../network/network.ts";
import { areaOf } from "../../network/size.ts";
import { buildPlan } from "../../planner/build.ts";
import type { Plan } from "../../planner/plan.ts";
import { confidence } from "../../softmax.ts";
import { type FoldedWeights, foldWeights } from "../../weights/fold.ts";
import {
  IMAGE_SCALE,
  MAX_WEIGHT,
  parseQuantized,
  quantizedParameters,
  type QuantizedWeights,
} from "../../weights/quantized.ts";
import type { RunnableWeights } from "../../weights/runnable.ts";
import { countNumbers } from "../../weights/shape.ts";
import type { Tensor } from "../../weights/tensor.ts";
import { CpuRunner } from "../cpu/runner.ts";
import { type Precision, roundWeights } from "../precision.ts";

/** A computation for a device, and its expected results. */
export interface Exercise {
  /** The plan to run. */
  readonly plan: Plan;
  /** Its weights, rounded to the precision. */
  readonly weights: RunnableWeights;
  /** Normalised images. */
  readonly images: Float32Array;
  /** Number of images. */
  readonly count: number;
  /** One per exit; some images leave at each. */
  readonly thresholds: readonly number[];
  /** The exit of each image with these thresholds. */
  readonly exits: readonly number[];
  /** Logits of each exit for all images, including those that exited earlier. */
  readonly logits: readonly Float32Array[];
}

/** Widths and sizes of a network. Odd ones exercise the ends of quads, rows and tiles. */
export interface Shape {
  /** Height and width of the images. */
  readonly size: readonly [height: number, width: number];
  /** Channels of the coarse and of the fine base feature. */
  readonly channels: readonly [number, number];
  /** Channels that a dense layer adds. */
  readonly growth: number;
  /** Number of classes. */
  readonly classes: number;
}

/** A small shape: a device is tested before its first result, which should not take long. */
export const QUICK: Shape = { size: [37, 27], channels: [6, 5], growth: 9, classes: 5 };

/** More shapes, for a thorough check. */
export const SHAPES: readonly Shape[] = [
  QUICK,
  { size: [21, 50], channels: [3, 1], growth: 2, classes: 2 },
  { size: [66, 66], channels: [33, 18], growth: 13, classes: 67 },
  { size: [97, 41], channels: [70, 9], growth: 30, classes: 11 },
];

const COUNT = 5;

/** Precision of an exercise's weights. */
export type ExerciseKind = Precision | "int8";

/** Creates an exercise. Takes a few milliseconds. */
export async function makeExercise(kind: ExerciseKind, shape: Shape = QUICK): Promise<Exercise> {
  const network = kind === "int8" ? networkOf(shape) : exerciseNetwork(shape);
  const plan = buildPlan(network);
  const weights = kind === "int8" ? randomSteps(network) : roundWeights(randomWeights(network), kind);
  const images = new Float32Array(COUNT * areaOf(plan.image.size) * 3).map(randomNumbers(1));
  const range = { from: 0, to: plan.stages.length };
  using cpu = await CpuRunner.create(plan, weights, { batchSize: COUNT, threads: 1 });
  await cpu.load(images, COUNT);
  const { logits } = await cpu.run(range);
  const thresholds = logits.map((values) => dividingConfidence(values, shape.classes));
  await cpu.load(images, COUNT);
  const { exits } = await cpu.run({ ...range, thresholds });
  return { plan, weights, images, count: COUNT, logits, thresholds, exits };
}

/** A network with a layer of every kind. */
export function exerciseNetwork(shape: Shape): Network {
  const network = networkOf(shape);
  return { ...network, exits: network.exits.map((exit) => ({ ...exit, layers: exit.layers.map(withAnyActivation) })) };
}

function networkOf({ size, channels: [coarse, fine], growth, classes }: Shape): Network {
  return buildRanet({
    family: "ranet",
    name: "self-test",
    input: { size, resize: size, mean: [0, 0, 0], std: [1, 1, 1] },
    classes: Array.from({ length: classes }, (_, i) => `${i}`),
    stem: "conv7x7-pool",
    baseFeatures: [{ divisor: 2, channels: coarse }, { divisor: 1, channels: fine }],
    subnetworks: [
      { blocks: 2, growth, bottleneck: 2, fusion: [], transitions: [1] },
      {
        blocks: 3,
        growth,
        bottleneck: 1,
        fusion: ["up-conv", "down-conv"],
        transitions: [],
        depthwise: true,
        seRatio: 0.5,
      },
    ],
    layers: [1, 2, 1],
    compress: 0.4,
    reduction: 0.5,
    head: { channels: growth + 2, pool: "all" },
    dropout: 0.3,
    reweight: 0.4,
  });
}

/** Assigns the activations, and the gates, in turn, so that all are tested. */
function withAnyActivation(layer: Layer, i: number): Layer {
  if (layer.kind === "excitation") return { ...layer, gate: GATES[i % 2] };
  const activation = (["relu", "relu", "hard-swish", "silu"] as const)[i % 4];
  return (layer.kind === "convolution" || layer.kind === "depthwise") && layer.norm !== undefined
    ? { ...layer, activation }
    : layer;
}

function randomWeights(network: Network): FoldedWeights {
  const next = randomNumbers(2);
  const parameters = network.exits.flatMap(({ layers }) => layers).flatMap(layerParameters);
  const tensors = parameters.map(({ name, shape }): [string, Tensor] => {
    const data = new Float32Array(countNumbers(shape));
    // Running variances must not be negative, and scales of batch norm are near 1.
    const [middle, scale] = name.endsWith(".running_var")
      ? [1, 0.5]
      : shape.length === 1
      ? [Number(name.endsWith(".weight")), 0.5]
      : [0, 2 / Math.sqrt(data.length / shape[0])];
    return [name, { shape, data: data.map(() => middle + scale * next()) }];
  });
  return foldWeights(network, new Map(tensors));
}

/** Random 8-bit weights with realistic magnitudes: most outputs are between 0 and 127. */
function randomSteps(network: Network): QuantizedWeights {
  const next = randomNumbers(5);
  const tensors = new Map<string, Tensor>();
  const areas = new Map(
    network.exits.flatMap(({ layers }) => layers).flatMap((layer) =>
      layer.kind === "squeeze" ? [[layer.name, areaOf(network.features[layer.reads[0].feature].size)]] : []
    ),
  );
  for (const { name, shape, dtype } of quantizedParameters(network)) {
    const dot = name.lastIndexOf(".");
    const [layer, part] = [name.slice(0, dot), name.slice(dot + 1)];
    const number = (): number => {
      switch (dtype) {
        case "I8":
          return Math.round(MAX_WEIGHT * next() ** 3);
        case "I16":
          return Math.round(4000 * next());
        case "I32":
          return Math.round(20_000 * next());
        case "F32":
          if (name === IMAGE_SCALE) return 1 / 700;
          if (part === "multiplier") {
            const weight = tensors.get(`${layer}.weight`);
            return (1 + next() / 2) * (weight ? multiplierOf(weight) : 1.5 / (areas.get(layer) ?? 1));
          }
          return part === "scale" ? 0.02 + 0.01 * next() : next();
      }
    };
    tensors.set(name, { shape, data: new Float32Array(countNumbers(shape)).map(number) });
  }
  return parseQuantized(network, tensors, { source: "of the self-test" });
}

/** The multiplier with which sums of such weights are about 60 steps large. */
function multiplierOf({ shape, data }: Tensor): number {
  const fanIn = data.length / shape[0];
  const isWide = data.some((value) => Math.abs(value) > MAX_WEIGHT);
  return 60 / ((isWide ? 1.6e6 : 3e3) * Math.sqrt(fanIn));
}

/**
 * A threshold in a gap between the confidences of images, so that rounding does not change which images leave. If all
 * are equal, it is above them.
 */
function dividingConfidence(logits: Float32Array, classes: number): number {
  const order = Array.from({ length: COUNT }, (_, i) => confidence(logits.subarray(i * classes, (i + 1) * classes)))
    .toSorted((a, b) => a - b);
  const gaps = order.slice(1).map((value, i) => value - order[i]);
  const middle = COUNT >> 1;
  const chosen = gaps[middle] > LEAST_GAP ? middle : gaps.indexOf(Math.max(...gaps));
  return gaps[chosen] > LEAST_GAP ? (order[chosen] + order[chosen + 1]) / 2 : 1;
}

/** Smallest gap that rounding does not close. */
const LEAST_GAP = 1e-5;

/** Reproducible numbers in (-1, 1) (a linear congruential generator: Numerical Recipes' constants). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
}
