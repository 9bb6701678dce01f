/**
 * The memory that the CPU runner's threads share: what they are to do, images, results, activations and weights.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { type Plan, QUAD_BYTES, quadsOf, type Step } from "../../planner/plan.ts";
import type { FoldedWeights } from "../../weights/fold.ts";
import { NO_EXIT, type StageRange } from "../runner.ts";
import { type Fields, PROGRESS_BYTES, recordBytes, recordWords } from "./records.ts";
import { recordCount, recordSteps } from "./steps.ts";
import { type Packing, packingOf, usesWinograd } from "./weights.ts";
import { PATCHES } from "./winograd.ts";

/** Bytes in a page of WebAssembly memory. */
const PAGE_BYTES = 2 ** 16;
/** WebAssembly's addresses have 32 bits. */
const MAX_PAGES = 2 ** 16;
/** Most bytes of a batch's arenas. */
const MAX_BATCH_BYTES = 2 ** 27;
/** Areas start on a line of cache, or on two, where neighbours are fetched together. */
const LINE = 128;

/** What of a program is the same in every run. */
type Layout = Omit<Fields<"Program">, "next" | "samples" | "from" | "to" | "adaptive" | "resumable">;

/** Memory for one plan. */
export class CpuMemory {
  /** Samples for which there is room: fewer than asked for where they are large. */
  readonly capacity: number;
  /** For the kernels. */
  readonly memory: WebAssembly.Memory;
  /** Address of what `run` of kernels/forward.as reads. */
  readonly program: number;
  readonly #plan: Plan;
  readonly #layout: Layout;
  readonly #threads: number;
  #samples = 0;

  /**
   * Lays out and fills the memory.
   *
   * @param plan What is run.
   * @param weights Its weights, batch norm folded in.
   * @param options `capacity`: most samples in a batch, if there is room. `threads`: most threads that run it.
   * @throws {RanetError} If there is too little memory.
   */
  constructor(plan: Plan, weights: FoldedWeights, options: { readonly capacity: number; readonly threads: number }) {
    this.#plan = plan;
    const { size, channels } = plan.image;
    const stages = plan.stages.length;
    const classes = plan.network.spec.classes.length;
    const imageLength = 4 * channels * size ** 2;
    const arenaLength = QUAD_BYTES * plan.sampleQuads;
    const room = Math.max(1, Math.floor(MAX_BATCH_BYTES / (arenaLength + imageLength)));
    const capacity = this.capacity = Math.min(options.capacity, room);
    const threads = this.#threads = options.threads;

    let end = 0;
    const take = (bytes: number): number => {
      const start = end;
      end += Math.ceil(bytes / LINE) * LINE;
      return start;
    };
    this.program = take(recordBytes("Program"));
    const scratchLength = Math.ceil(scratchBytes(plan) / LINE) * LINE;
    this.#layout = {
      stages: take(4 * (stages + 1)),
      thresholds: take(8 * stages),
      exits: take(4 * capacity),
      logits: take(4 * stages * capacity * classes),
      stageLogits: 4 * capacity * classes,
      sampleLogits: 4 * classes,
      classes,
      images: take(capacity * imageLength),
      imageLength,
      arenas: take(capacity * arenaLength),
      arenaLength,
      scratch: take(threads * scratchLength),
      scratchLength,
      progress: take(threads * PROGRESS_BYTES),
    };
    const steps = take(recordBytes("Step") * recordCount(plan));
    const packed = new Map<Step, Packing & { readonly address: number }>();
    for (const step of plan.stages.flat(2)) {
      const packing = packingOf(step, weights);
      if (packing) packed.set(step, { ...packing, address: take(4 * packing.length) });
    }
    this.memory = allocate(end, plan, capacity);
    for (const { address, length, write } of packed.values()) write(this.#floats(address, length));
    this.#writeSteps(steps, (step) => packed.get(step)!.address);
  }

  /** Takes images in. */
  load(images: Float32Array, count: number): void {
    if (count > this.capacity) throw new RangeError(`a batch of ${count} where there is room for ${this.capacity}`);
    this.#samples = count;
    this.#floats(this.#layout.images, images.length).set(images);
    this.#words(this.#layout.exits, count).fill(NO_EXIT);
  }

  /** Says what is to be run next. */
  prepare({ from, to, thresholds }: StageRange): void {
    const stages = this.#plan.stages.length;
    const fields = {
      ...this.#layout,
      next: 0,
      samples: this.#samples,
      from,
      to,
      adaptive: Number(thresholds !== undefined),
      resumable: Number(from > 0 || to < stages),
    };
    const words = recordWords("Program", fields);
    this.#words(this.program, words.length).set(words);
    this.#words(fields.progress, this.#threads * PROGRESS_BYTES / 4).fill(0);
    this.#floats(fields.logits, stages * fields.stageLogits / 4).fill(0);
    if (thresholds) new Float64Array(this.memory.buffer, fields.thresholds + 8 * from).set(thresholds);
  }

  /** Logits of a stage, `[sample][class]`. */
  logits(stage: number): Float32Array {
    const { logits, stageLogits, classes } = this.#layout;
    return this.#floats(logits + stage * stageLogits, this.#samples * classes).slice();
  }

  /** For each sample the stage that it left at, or NO_EXIT. */
  exits(): number[] {
    return [...this.#words(this.#layout.exits, this.#samples)];
  }

  #writeSteps(address: number, weights: (step: Step) => number): void {
    const { words, stages } = recordSteps(this.#plan, weights);
    this.#words(address, words.length).set(words);
    const bytes = recordBytes("Step");
    this.#words(this.#layout.stages, stages.length).set(stages.map((record) => address + bytes * record));
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  #words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }
}

/** What a step needs beside the arena: convolutions a copy of their input, a classifier the means. */
function scratchBytes(plan: Plan): number {
  const needs = plan.stages.flat(2).map((step): number => {
    const { size, channels } = step.reads[0];
    switch (step.kind) {
      case "convolution": {
        // Copied by whole quads: the last pixel's may reach beyond its channels.
        const copy = 4 * channels * (size + step.layer.kernel - 1) ** 2 + QUAD_BYTES;
        if (!usesWinograd(step)) return copy;
        const row = 4 * channels * (size + 2);
        return copy + row + 2 * QUAD_BYTES +
          16 * PATCHES * QUAD_BYTES * (quadsOf(channels) + 2 * Math.ceil(step.writes[0].channels / 8));
      }
      case "classifier":
        return QUAD_BYTES * quadsOf(channels);
      case "max-pool":
      case "resize":
        return 0;
    }
  });
  return Math.max(...needs);
}

function allocate(bytes: number, { network, sampleQuads }: Plan, capacity: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const refuse = (reason: string): never => {
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    throw new RanetError(
      `Cannot run ${network.spec.name} on the CPU with a batch of ${capacity}: it needs ${megabytes(bytes)}, of them ` +
        `${megabytes(QUAD_BYTES * sampleQuads)} for each image, and ${reason}. Use a smaller batch, or --device gpu.`,
    );
  };
  if (pages > MAX_PAGES) return refuse("at most 4 GiB can be addressed");
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse("there is not as much");
  }
}
