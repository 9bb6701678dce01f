/**
 * Allocates the CPU's memory for training: parameters and the state of the optimiser, then tensors that steps pass to
 * later ones, then tables and the program.
 *
 * @module
 */

import { layerParameters } from "../../network/cost.ts";
import type { Parameter, View } from "../../network/network.ts";
import { areaOf } from "../../network/size.ts";
import { type Lifetime, placeBuffers } from "../../planner/memory.ts";
import { quadsOf } from "../../planner/plan.ts";
import { type TrainingPlan, type TrainingStep, viewsOf } from "../../planner/training_plan.ts";
import type { OptimizerOptions } from "../trainer.ts";
import type { Place } from "./lower.ts";
import type { MemoryLayout } from "./memory.ts";
import { packedLength } from "./pack.ts";

/** Bytes of a cache line, at which addresses start. */
export const LINE = 64;

/** Bytes in a number. */
const NUMBER = 4;

/** Consecutive parameters that the optimiser treats alike. */
export interface ParameterGroup {
  /** Address of the first number; gradients, velocities and averages are at the same distance from their starts. */
  readonly address: number;
  /** Numbers, a multiple of 4. */
  readonly length: number;
  /** Whether weight decay applies to them. */
  readonly decays: boolean;
  /** Number of exits that depend on them. */
  readonly exits: number;
}

/** Parameters, trained or not, and the state of the optimiser. */
export class ParameterMemory {
  /** All of them, with their addresses. */
  readonly entries: readonly { readonly parameter: Parameter; readonly address: number; readonly learns: boolean }[];
  /** The trained parameters, grouped by how the optimiser treats them. */
  readonly groups: readonly ParameterGroup[];
  /** Distance from a trained parameter to its gradient. */
  readonly toGradient: number;
  /** Distance from a trained parameter to its velocity. */
  readonly toVelocity: number;
  /** Distance from a trained parameter to its mean squared gradient; 0 without them. */
  readonly toSquares: number;
  /** Distance from any parameter to its average; 0 without averages. */
  readonly toEma: number;
  readonly #addresses = new Map<string, number>();

  constructor(
    plan: TrainingPlan,
    layout: MemoryLayout,
    options: { readonly optimizer: OptimizerOptions; readonly ema: boolean },
  ) {
    const { kind, decay } = options.optimizer;
    const learned = plan.parameters.map((parameter) => ({
      ...parameter,
      learned: true,
      decays: decay === "all" || parameter.isWeight,
    }));
    const names = new Set(learned.map(({ name }) => name));
    const rest = plan.network.exits.flatMap((exit) => exit.layers).flatMap(layerParameters)
      .filter(({ name }) => !names.has(name));
    const start = layout.bytes;
    const entries: { parameter: Parameter; address: number; learns: boolean }[] = [];
    const place = (parameter: Parameter, learns: boolean): void => {
      const address = layout.take(NUMBER * packedLength(parameter.shape));
      entries.push({ parameter, address, learns });
      this.#addresses.set(parameter.name, address);
    };
    this.groups = [...Map.groupBy(learned, ({ decays, exits }) => `${decays} ${exits}`).values()].map((group) => {
      const address = layout.bytes;
      for (const parameter of group) place(parameter, true);
      const { decays, exits } = group[0];
      return { address, length: (layout.bytes - address) / NUMBER, decays, exits };
    });
    const learnedBytes = layout.bytes - start;
    for (const parameter of rest) place(parameter, false);
    this.entries = entries;
    const bytes = layout.bytes - start;
    this.toGradient = layout.take(learnedBytes) - start;
    this.toVelocity = layout.take(learnedBytes) - start;
    this.toSquares = kind === "adamw" ? layout.take(learnedBytes) - start : 0;
    this.toEma = options.ema ? layout.take(bytes) - start : 0;
  }

  /** A parameter's address. */
  at(name: string): number {
    return this.#addresses.get(name)!;
  }
}

/** Memory that a step needs in addition to tensors. */
export interface Temporary {
  /** The first segment that uses it. */
  readonly first: number;
  /** The last segment that uses it. */
  readonly last: number;
  /** Length in numbers. */
  readonly length: number;
}

/** Allocates tensors and temporaries. Those whose segments do not overlap may share memory. */
export class TensorMemory {
  readonly #plan: TrainingPlan;
  readonly #start: number;
  readonly #offsets: readonly number[];

  /**
   * @param segments The plan's steps, in order, between barriers.
   * @param temporaries Memory needed in addition to the plan's tensors.
   * @param batch Most samples.
   */
  constructor(
    plan: TrainingPlan,
    layout: MemoryLayout,
    options: { segments: readonly (readonly TrainingStep[])[]; temporaries: readonly Temporary[]; batchSize: number },
  ) {
    this.#plan = plan;
    const lifetimes: (Lifetime & { length: number; first: number; last: number })[] = plan.features.map((
      { size, channels },
    ) => ({ length: options.batchSize * areaOf(size) * 4 * quadsOf(channels), first: Infinity, last: -1 }));
    lifetimes[0].first = 0;
    options.segments.forEach((steps, time) => {
      for (const { feature } of steps.flatMap(viewsOf)) {
        lifetimes[feature].first = Math.min(lifetimes[feature].first, time);
        lifetimes[feature].last = time;
      }
    });
    const aligned = [...lifetimes, ...options.temporaries].map(({ length, ...lifetime }) => ({
      ...lifetime,
      length: Math.ceil(length / LINE) * LINE,
    }));
    const { offsets, length } = placeBuffers(aligned);
    this.#offsets = offsets;
    this.#start = layout.take(NUMBER * length);
  }

  /** The place of channels. */
  place({ feature, offset, channels }: View): Place {
    const { size, channels: all } = this.#plan.features[feature];
    const pitch = NUMBER * 4 * quadsOf(all);
    const at = this.#start + NUMBER * (this.#offsets[feature] + offset);
    return { at, bytes: areaOf(size) * pitch, pitch, size, channels };
  }

  /** Address of a temporary. */
  temporary(index: number): number {
    return this.#start + NUMBER * this.#offsets[this.#plan.features.length + index];
  }
}
