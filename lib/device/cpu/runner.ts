/**
 * Runs a plan on one core of the CPU: the fallback without an adapter, and what WebGPU is tested against. Convolutions,
 * nearly all of the work, are WebAssembly with SIMD; the other kernels are plain TypeScript over the same memory.
 *
 * @module
 */

import { type ConvolutionStep, type Plan, QUAD_BYTES, type Step } from "../../planner/plan.ts";
import type { FoldedWeights } from "../../weights/fold.ts";
import { confidence } from "../../softmax.ts";
import { classify, maxPool, resize } from "./kernels.ts";
import { CpuMemory } from "./memory.ts";
import { writeImage } from "../layout.ts";
import { type DeviceInfo, NO_EXIT, type Runner, type StageRange, type StageResults } from "../runner.ts";

/** The arguments of kernels/convolution/forward.as, in its order. */
type Convolve = (...args: number[]) => void;

/** Runs a plan on the CPU. */
export class CpuRunner implements Runner {
  /** What it runs on. */
  readonly device: DeviceInfo = { kind: "cpu", name: "CPU runner" };
  /** Most samples in a batch: fewer than asked for where they are large. */
  readonly capacity: number;
  readonly #plan: Plan;
  readonly #memory: CpuMemory;
  readonly #convolve: Convolve;
  #remaining: number[] = [];
  #exits: number[] = [];

  /**
   * Prepares a plan with its weights.
   *
   * @throws {RanetError} If that takes more memory than there is.
   */
  static async create(
    plan: Plan,
    weights: FoldedWeights,
    { capacity }: { capacity: number },
  ): Promise<CpuRunner> {
    // @ts-ignore: TypeScript has no source phase imports yet
    const module = await import.source("../../../kernels/convolution/forward.wasm") as WebAssembly.Module;
    const memory = new CpuMemory(plan, weights, capacity);
    const { exports } = await WebAssembly.instantiate(module, { env: { memory: memory.memory } });
    return new CpuRunner(plan, memory, exports.convolve as Convolve);
  }

  private constructor(plan: Plan, memory: CpuMemory, convolve: Convolve) {
    this.#plan = plan;
    this.capacity = memory.capacity;
    this.#memory = memory;
    this.#convolve = convolve;
  }

  /** Starts a batch. */
  load(images: Float32Array, count: number): void {
    if (count > this.capacity) throw new RangeError(`a batch of ${count} where there is room for ${this.capacity}`);
    const { image } = this.#plan;
    const { numbers } = this.#memory;
    const length = images.length / count;
    // Lanes that pad channels are read too: nothing may be left in them of an earlier batch's overflow.
    numbers.fill(0, 4 * this.#memory.arena(0), 4 * this.#memory.arena(count));
    for (let i = 0; i < count; i++) {
      const arena = numbers.subarray(4 * (this.#memory.arena(i) + image.offset));
      writeImage(images.subarray(i * length, (i + 1) * length), image, arena);
    }
    this.#exits = new Array<number>(count).fill(NO_EXIT);
    this.#remaining = Array.from({ length: count }, (_, i) => i);
  }

  /** Runs stages on the batch. */
  run({ from, to, thresholds }: StageRange): Promise<StageResults> {
    const classes = this.#plan.network.spec.classes.length;
    const logits: Float32Array[] = [];
    for (let stage = from; stage < to; stage++) {
      const stageLogits = new Float32Array(this.#exits.length * classes);
      const logitsOf = (sample: number) => stageLogits.subarray(sample * classes, (sample + 1) * classes);
      logits.push(stageLogits);
      // Sample by sample inside, while a step's weights are near.
      for (const step of this.#plan.stages[stage].flat()) {
        for (const sample of this.#remaining) this.#step(step, this.#memory.arena(sample), logitsOf(sample));
      }
      if (!thresholds) continue;
      this.#remaining = this.#remaining.filter((sample) => {
        const leaves = confidence(logitsOf(sample)) >= thresholds[stage - from];
        if (leaves) this.#exits[sample] = stage;
        return !leaves;
      });
    }
    return Promise.resolve({ logits, exits: this.#exits.map((exit) => exit === NO_EXIT ? to - 1 : exit) });
  }

  /** Nothing to give back. */
  [Symbol.dispose](): void {}

  #step(step: Step, arena: number, logits: Float32Array): void {
    const { numbers } = this.#memory;
    switch (step.kind) {
      case "convolution":
        return this.#convolution(step, arena);
      case "max-pool":
        return maxPool(step, numbers, arena);
      case "resize":
        return resize(step, numbers, arena);
      case "classifier":
        return classify(step, numbers, { arena, weights: this.#memory.weights(step), logits });
    }
  }

  #convolution(step: ConvolutionStep, arena: number): void {
    const { input, output, layer: { kernel, stride, relu } } = step;
    this.#convolve(
      QUAD_BYTES * (arena + input.offset),
      input.size,
      QUAD_BYTES * input.pitch,
      input.channels,
      QUAD_BYTES * (arena + output.offset) + 4 * output.channel,
      output.size,
      QUAD_BYTES * output.pitch,
      output.channels,
      QUAD_BYTES * this.#memory.weights(step),
      kernel,
      stride,
      Number(relu),
    );
  }
}
