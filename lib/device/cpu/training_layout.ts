/**
 * The memory layout of a training program: allocates addresses, and collects the contents of memory before the first
 * step.
 *
 * @module
 */

import type { Classifier, Convolution } from "../../network/network.ts";
import { quadsOf } from "../../planner/plan.ts";
import type { NormedConvolution, TrainingPlan, TrainingStep } from "../../planner/training_plan.ts";
import type { TrainerOptions } from "../trainer.ts";
import { filterLength } from "./lower.ts";
import { MemoryLayout } from "./memory.ts";
import { packedLength } from "./pack.ts";
import { LINE, ParameterMemory, type Temporary, TensorMemory } from "./training_memory.ts";
import { isWorthStridedWinograd, isWorthWinograd } from "./winograd.ts";

/** Data of a layer that the next segment needs. */
export type TemporaryKind = "sums" | "gradient sums" | "transposed" | "filter" | "gradient filter" | "parts";

/** Addresses of a batch norm's coefficients for all threads, and of the batch's mean and variance. */
export interface NormPlaces {
  /** Six vectors per thread. */
  readonly coefficients: number;
  /** One vector. */
  readonly mean: number;
  /** One vector, unbiased. */
  readonly variance: number;
}

/** Addresses of an exit's pooled means and logits. */
export interface HeadPlaces {
  /** The layer. */
  readonly layer: Classifier;
  /** `[batch][channels, padded]`. */
  readonly means: number;
  /** `[batch][classes]`. */
  readonly logits: number;
}

/** Most bytes of weights whose gradient is computed in parts: with larger weights, adding up the parts dominates. */
const SMALL_WEIGHTS = 2 ** 14;

/** Parts of a batch. It does not depend on the number of threads, so that sums do not either. */
const PARTS = 8;

/** Number of parts in which the gradient of a layer's weights is computed. */
export function partsOf(layer: Convolution): number {
  return 4 * weightLength(layer) > SMALL_WEIGHTS ? 1 : PARTS;
}

/** Length of a layer's weights in numbers. */
export function weightLength({ reads: [input], writes: [output], kernel }: Convolution): number {
  return packedLength([output.channels, input.channels, kernel, kernel]);
}

/** The shape of a step that kernels/convolution/winograd.as or strided-winograd.as computes. */
export interface WinogradShape {
  /** The layer. */
  readonly layer: Convolution;
  /** Channels read. */
  readonly inputs: number;
  /** Channels written. */
  readonly outputs: number;
  /** Its transformed weights: of the forward pass, or of the input gradient. */
  readonly filter: Extract<TemporaryKind, "filter" | "gradient filter">;
  /** Whether the layer has a stride of 2. */
  readonly isStrided: boolean;
}

/** The shape of a step for Winograd's filtering; undefined if it is computed otherwise. */
export function winogradShape(step: TrainingStep): WinogradShape | undefined {
  switch (step.kind) {
    case "convolution": {
      const { reads: [{ channels: inputs }], writes: [{ channels: outputs }], bias, activation } = step;
      const isStrided = !bias && activation === "none" && isWorthStridedWinograd(step, { inputs, outputs });
      return isStrided || isWorthWinograd(step, { inputs, outputs })
        ? { layer: step, inputs, outputs, filter: "filter", isStrided }
        : undefined;
    }
    case "input-gradient": {
      const { layer, gradient: { channels: inputs }, result: { channels: outputs, accumulate } } = step;
      const isStrided = isWorthStridedWinograd(layer, { inputs, outputs });
      return isStrided || !accumulate && isWorthWinograd(layer, { inputs, outputs })
        ? { layer, inputs, outputs, filter: "gradient filter", isStrided }
        : undefined;
    }
  }
}

/** Addresses, in bytes. */
export class CpuTrainingLayout extends MemoryLayout {
  /** Two words for the barrier. */
  readonly gate: number;
  /** Whether a loss was not finite. */
  readonly stopped: number;
  /** Labels, a word each. */
  readonly labels: number;
  /** Second labels, a word each. */
  readonly seconds: number;
  /** The share of the target that each of them has. */
  readonly shares: number;
  /** `[exit][batch]` losses in float64. */
  readonly losses: number;
  /** `[exit][batch]` words: whether the prediction is correct. */
  readonly correct: number;
  /** Parameters and the state of the optimiser. */
  readonly parameters: ParameterMemory;
  /** Tensors that steps pass to each other. */
  readonly tensors: TensorMemory;
  readonly #norms = new Map<string, NormPlaces>();
  readonly #heads = new Map<number, HeadPlaces>();
  readonly #temporaries = new Map<string, number>();

  /** Creates the layout of a plan. `segments`: its steps between barriers. */
  constructor(
    plan: TrainingPlan,
    segments: readonly (readonly TrainingStep[])[],
    options: TrainerOptions & { readonly threads: number },
  ) {
    super(LINE);
    const { batchSize, threads, optimizer, emaDecay } = options;
    const exits = plan.network.exits.length;
    this.gate = this.take(8);
    this.stopped = this.take(4);
    this.labels = this.take(4 * batchSize);
    this.seconds = this.take(4 * batchSize);
    this.shares = this.take(4 * batchSize);
    this.losses = this.take(8 * batchSize * exits);
    this.correct = this.take(4 * batchSize * exits);
    this.parameters = new ParameterMemory(plan, this, { optimizer, ema: emaDecay > 0 });
    for (const step of plan.forward) {
      if (step.kind === "norm") {
        const bytes = 16 * quadsOf(step.output.channels);
        const coefficients = this.take(6 * bytes * threads);
        this.#norms.set(step.layer.norm, { coefficients, mean: this.take(bytes), variance: this.take(bytes) });
      } else if (step.kind === "classifier") {
        const { exit, classes, reads: [{ channels }] } = step;
        const means = this.take(batchSize * 16 * quadsOf(channels));
        this.#heads.set(exit, { layer: step, means, logits: this.take(4 * batchSize * classes) });
      }
    }
    const temporaries = this.#findTemporaries(segments, batchSize);
    this.tensors = new TensorMemory(plan, this, { segments, temporaries, batchSize });
  }

  /** Addresses of a batch norm. */
  norm({ norm }: NormedConvolution): NormPlaces {
    return this.#norms.get(norm)!;
  }

  /** Addresses of an exit. */
  head(exit: number): HeadPlaces {
    return this.#heads.get(exit)!;
  }

  /** Data of a layer that the next segment needs. */
  temporary(kind: TemporaryKind, layer: Pick<Convolution, "name">): number {
    return this.tensors.temporary(this.#temporaries.get(`${kind} ${layer.name}`)!);
  }

  /**
   * Finds the temporaries. Sums and parts are used after a barrier; transposed weights are made one segment before
   * their use.
   */
  #findTemporaries(segments: readonly (readonly TrainingStep[])[], batchSize: number): Temporary[] {
    const found: Temporary[] = [];
    const add = (kind: TemporaryKind, layer: Pick<Convolution, "name">, temporary: Temporary): void => {
      this.#temporaries.set(`${kind} ${layer.name}`, found.length);
      found.push(temporary);
    };
    segments.forEach((steps, time) => {
      for (const step of steps) {
        const winograd = winogradShape(step);
        if (winograd) {
          const { layer, inputs, outputs, filter } = winograd;
          add(filter, layer, { first: time - 1, last: time, length: filterLength(inputs, outputs) });
        }
        if (step.kind === "norm-statistics" || step.kind === "norm-sums") {
          const length = batchSize * 4 * 4 * quadsOf(step.input.channels);
          add(step.kind === "norm-sums" ? "gradient sums" : "sums", step.layer, {
            first: time,
            last: time + 1,
            length,
          });
        } else if (step.kind === "input-gradient") {
          const { reads: [input], writes: [output], kernel } = step.layer;
          const length = kernel ** 2 * output.channels * 4 * quadsOf(input.channels);
          add("transposed", step.layer, { first: time - 1, last: time, length });
        } else if (step.kind === "weight-gradient" && partsOf(step.layer) > 1) {
          const length = partsOf(step.layer) * weightLength(step.layer);
          add("parts", step.layer, { first: time, last: time + 1, length });
        }
      }
    });
    return found;
  }
}
