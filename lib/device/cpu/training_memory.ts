/**
 * Where everything that training needs lies in the CPU's memory: parameters and what the optimiser keeps of them, then
 * what a step leaves for later ones, then tables and the program.
 *
 * @module
 */

import { layerParameters } from "../../network/cost.ts";
import type { Parameter, View } from "../../network/network.ts";
import { type Lifetime, placeBuffers } from "../../planner/memory.ts";
import { quadsOf } from "../../planner/plan.ts";
import { type TrainingPlan, type TrainingStep, viewsOf } from "../../planner/training_plan.ts";
import { packedLength } from "./packed_parameters.ts";

/** Addresses start at lines of the cache, so that threads do not share any by chance. */
const ALIGNMENT = 64;

/** Bytes in a number. */
const NUMBER = 4;

/** Parameters that the optimiser treats alike, one after another. */
export interface ParameterGroup {
  /** Address of the first number; gradients, velocities and averages lie at the same distance from their starts. */
  readonly address: number;
  /** Numbers, a multiple of 4. */
  readonly length: number;
  /** Whether weight decay means them. */
  readonly decays: boolean;
  /** Number of exits that depend on them. */
  readonly exits: number;
}

/** Hands out addresses, one after another. */
export class Allocator {
  #end = 0;

  /** Bytes handed out. */
  get end(): number {
    return this.#end;
  }

  /** The address of so many new bytes. */
  take(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return address;
  }
}

/** Parameters, learned or not, and what the optimiser keeps. */
export class ParameterMemory {
  /** All of them, with their addresses. */
  readonly entries: readonly { readonly parameter: Parameter; readonly address: number; readonly learns: boolean }[];
  /** Those that learn, by what the optimiser does to them. */
  readonly groups: readonly ParameterGroup[];
  /** From a learned parameter to its gradient. */
  readonly toGradient: number;
  /** From a learned parameter to its velocity. */
  readonly toVelocity: number;
  /** From any parameter to its average; 0 where none is kept. */
  readonly toAverage: number;
  readonly #addresses = new Map<string, number>();

  constructor(plan: TrainingPlan, allocator: Allocator, options: { decay: "all" | "weights"; average: boolean }) {
    const learned = plan.parameters.map((parameter) => ({
      ...parameter,
      learned: true,
      decays: options.decay === "all" || parameter.isWeight,
    }));
    const names = new Set(learned.map(({ name }) => name));
    const rest = plan.network.exits.flatMap((exit) => exit.layers).flatMap(layerParameters)
      .filter(({ name }) => !names.has(name));
    const start = allocator.end;
    const entries: { parameter: Parameter; address: number; learns: boolean }[] = [];
    const place = (parameter: Parameter, learns: boolean): void => {
      const address = allocator.take(NUMBER * packedLength(parameter.shape));
      entries.push({ parameter, address, learns });
      this.#addresses.set(parameter.name, address);
    };
    this.groups = [...Map.groupBy(learned, ({ decays, exits }) => `${decays} ${exits}`).values()].map((group) => {
      const address = allocator.end;
      for (const parameter of group) place(parameter, true);
      const { decays, exits } = group[0];
      return { address, length: (allocator.end - address) / NUMBER, decays, exits };
    });
    const learnedBytes = allocator.end - start;
    for (const parameter of rest) place(parameter, false);
    this.entries = entries;
    const bytes = allocator.end - start;
    this.toGradient = allocator.take(learnedBytes) - start;
    this.toVelocity = allocator.take(learnedBytes) - start;
    this.toAverage = options.average ? allocator.take(bytes) - start : 0;
  }

  /** A parameter's address. */
  at(name: string): number {
    return this.#addresses.get(name)!;
  }
}

/** What a step needs beside tensors while it goes on, in numbers. */
export interface Temporary {
  /** The first segment that uses it. */
  readonly first: number;
  /** The last. */
  readonly last: number;
  /** Numbers. */
  readonly length: number;
}

/** Where tensors and temporaries lie. Those whose segments do not overlap may share their place. */
export class TensorMemory {
  readonly #plan: TrainingPlan;
  readonly #start: number;
  readonly #offsets: readonly number[];

  /**
   * @param segments The plan's steps, in order, between barriers.
   * @param temporaries Beside the plan's tensors.
   * @param batch Most samples.
   */
  constructor(
    plan: TrainingPlan,
    allocator: Allocator,
    options: { segments: readonly (readonly TrainingStep[])[]; temporaries: readonly Temporary[]; batch: number },
  ) {
    this.#plan = plan;
    const lifetimes: (Lifetime & { length: number; first: number; last: number })[] = plan.features.map((
      { size, channels },
    ) => ({ length: options.batch * size ** 2 * 4 * quadsOf(channels), first: Infinity, last: -1 }));
    lifetimes[0].first = 0;
    options.segments.forEach((steps, time) => {
      for (const { feature } of steps.flatMap(viewsOf)) {
        lifetimes[feature].first = Math.min(lifetimes[feature].first, time);
        lifetimes[feature].last = time;
      }
    });
    const aligned = [...lifetimes, ...options.temporaries].map(({ length, ...lifetime }) => ({
      ...lifetime,
      length: Math.ceil(length / ALIGNMENT) * ALIGNMENT,
    }));
    const { offsets, length } = placeBuffers(aligned);
    this.#offsets = offsets;
    this.#start = allocator.take(NUMBER * length);
  }

  /** Address of a range's first channel. */
  at({ feature, offset }: Pick<View, "feature" | "offset">): number {
    return this.#start + NUMBER * (this.#offsets[feature] + offset);
  }

  /** Address of a temporary. */
  temporary(index: number): number {
    return this.#start + NUMBER * this.#offsets[this.#plan.features.length + index];
  }

  /** Bytes from pixel to pixel. */
  pitch({ feature }: Pick<View, "feature">): number {
    return NUMBER * 4 * quadsOf(this.#plan.features[feature].channels);
  }

  /** Height and width. */
  size({ feature }: Pick<View, "feature">): number {
    return this.#plan.features[feature].size;
  }

  /** Bytes from sample to sample. */
  bytes(view: Pick<View, "feature">): number {
    return this.size(view) ** 2 * this.pitch(view);
  }
}
