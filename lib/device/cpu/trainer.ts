/**
 * Trains a network on the CPU: kernels/train.as on all cores.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import type { Network } from "../../network/network.ts";
import { areaOf } from "../../network/size.ts";
import { buildTrainingPlan } from "../../planner/training_build.ts";
import type { TrainingPlan } from "../../planner/training_plan.ts";
import type { Tensor } from "../../weights/tensor.ts";
import { Turns } from "../../io/turns.ts";
import { checkBatch } from "../check_batch.ts";
import { largestBatchThat } from "../largest_batch.ts";
import type { DeviceInfo } from "../runner.ts";
import {
  adamwCorrections,
  type OptimizerOptions,
  type SecondLabels,
  type StepLosses,
  type StepOptions,
  type Trainer,
  type TrainerOptions,
  type TrainingState,
} from "../trainer.ts";
import { cpuKernels } from "./kernels.ts";
import { MAX_BYTES } from "./memory.ts";
import { pack, packedLength, unpack } from "./pack.ts";
import { defaultThreads, ThreadPool } from "./pool.ts";
import { buildTrainingProgram, type TrainingProgram } from "./training_program.ts";

/** Options of a CPU trainer. */
export interface CpuTrainerOptions extends TrainerOptions {
  /** Number of threads. Default: one per core. */
  readonly threads?: number;
}

/** A network in training on the CPU. */
export class CpuTrainer implements Trainer {
  /** The device that it runs on. */
  readonly device: DeviceInfo;
  /** Bytes of its memory. */
  readonly bytes: number;
  readonly #plan: TrainingPlan;
  readonly #program: TrainingProgram;
  readonly #memory: WebAssembly.Memory;
  readonly #pool: ThreadPool;
  readonly #batchSize: number;
  readonly #optimizer: OptimizerOptions;
  readonly #turns = new Turns();

  /**
   * Lays out memory and fills it.
   *
   * @throws {RanetError} If the batch does not fit; the message says which batch does.
   */
  static async create(network: Network, state: TrainingState, options: CpuTrainerOptions): Promise<CpuTrainer> {
    const plan = buildTrainingPlan(network, options);
    const threads = options.threads ?? defaultThreads();
    const program = buildTrainingProgram(plan, { ...options, threads });
    if (program.bytes > MAX_BYTES) throw await tooLarge(plan, { ...options, threads });
    const memory = program.layout.allocate(() => {
      throw new RanetError(
        `Cannot train ${network.spec.name} on the CPU: it needs ${gigabytes(program.bytes)} of memory, more than is ` +
          "free. Use a smaller batch.",
        { code: "too-large" },
      );
    });
    const trainer = new CpuTrainer(
      plan,
      program,
      memory,
      new ThreadPool(await cpuKernels(), memory, { threads }),
      options,
    );
    trainer.#write(state);
    return trainer;
  }

  private constructor(
    plan: TrainingPlan,
    program: TrainingProgram,
    memory: WebAssembly.Memory,
    pool: ThreadPool,
    { batchSize, optimizer }: CpuTrainerOptions,
  ) {
    this.#plan = plan;
    this.#program = program;
    this.#memory = memory;
    this.#pool = pool;
    this.#batchSize = batchSize;
    this.#optimizer = optimizer;
    this.bytes = program.bytes;
    this.device = { kind: "cpu", name: `CPU, ${pool.threads} ${pool.threads === 1 ? "thread" : "threads"}` };
  }

  /** Takes a step. */
  step(images: Float32Array, labels: Uint32Array, options: StepOptions): Promise<StepLosses> {
    const { second } = options;
    checkBatch(this.#plan.network, { images, labels, batchSize: this.#batchSize, second });
    const [ownImages, ownLabels] = [images.slice(), labels.slice()];
    const ownSecond = second
      ? { labels: second.labels.slice(), shares: second.shares.slice() }
      : { labels: ownLabels, shares: new Float32Array(labels.length) };
    return this.#turns.take(() => this.#run(ownImages, ownLabels, { ...options, second: ownSecond }));
  }

  /** The state after all steps called so far. */
  read(): Promise<TrainingState> {
    return this.#turns.take(() => {
      const { entries, toVelocity, toSquares, toEma } = this.#program.layout.parameters;
      const read = (distance: number, learnsOnly: boolean) =>
        new Map(
          entries.filter(({ learns }) => learns || !learnsOnly).map(({ parameter: { name, shape }, address }) => {
            const packed = new Float32Array(this.#memory.buffer, address + distance, packedLength(shape));
            return [name, { shape, data: unpack(shape, packed) }];
          }),
        );
      return {
        tensors: read(0, false),
        momentum: read(toVelocity, true),
        ...toSquares > 0 && { squares: read(toSquares, true) },
        ...toEma > 0 && { ema: read(toEma, false) },
      };
    });
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  async #run(
    images: Float32Array,
    labels: Uint32Array,
    { learningRate, seed = 0, step = 0, second }: StepOptions & { readonly second: SecondLabels },
  ): Promise<StepLosses> {
    const program = this.#program;
    const optimizer = this.#optimizer;
    const scale = optimizer.kind === "adamw" ? adamwCorrections(optimizer, step) : { first: 1, second: 1 };
    const { buffer } = this.#memory;
    const count = labels.length;
    this.#writeImages(images, count);
    new Uint32Array(buffer, program.layout.labels, count).set(labels);
    new Uint32Array(buffer, program.layout.seconds, count).set(second.labels);
    new Float32Array(buffer, program.layout.shares, count).set(second.shares);
    const { begin, end, scratch, scratchBytes, taken, layout: { gate } } = program;
    new Uint8Array(buffer, taken.address, taken.bytes).fill(0);
    await this.#pool.run("train", [
      ...[begin, end, count, program.layout.labels],
      ...[learningRate, scale.first, scale.second, seed, scratch, scratchBytes, gate],
    ]);
    const exits = this.#plan.network.exits.map((_, exit) => exit);
    const lossesOf = (exit: number) =>
      new Float64Array(buffer, program.layout.losses + 8 * exit * this.#batchSize, count);
    const correctOf = (exit: number) =>
      new Uint32Array(buffer, program.layout.correct + 4 * exit * this.#batchSize, count);
    return {
      losses: Float64Array.from(exits, (exit) => lossesOf(exit).reduce((sum, loss) => sum + loss, 0) / count),
      correct: Uint32Array.from(exits, (exit) => correctOf(exit).reduce((sum, correct) => sum + correct, 0)),
    };
  }

  /** Converts images from planes to pixels, and writes them to memory. */
  #writeImages(images: Float32Array, count: number): void {
    const { size, channels } = this.#plan.features[0];
    const { tensors } = this.#program.layout;
    const place = tensors.place({ feature: 0, offset: 0, channels });
    const pitch = place.pitch / 4;
    const pixels = areaOf(size);
    const target = new Float32Array(this.#memory.buffer, place.at, count * pixels * pitch);
    for (let sample = 0; sample < count; sample++) {
      for (let channel = 0; channel < channels; channel++) {
        const from = (sample * channels + channel) * pixels;
        const to = sample * pixels * pitch + channel;
        for (let pixel = 0; pixel < pixels; pixel++) target[to + pixel * pitch] = images[from + pixel];
      }
    }
  }

  #write({ tensors, momentum, squares, ema }: TrainingState): void {
    const { parameters } = this.#program.layout;
    const { buffer } = this.#memory;
    const write = (shape: readonly number[], { data }: Tensor, address: number) =>
      pack(shape, data, new Float32Array(buffer, address, packedLength(shape)));
    for (const { parameter: { name, shape }, address, learns } of parameters.entries) {
      const tensor = tensors.get(name)!;
      write(shape, tensor, address);
      const velocity = momentum.get(name);
      if (velocity && learns) write(shape, velocity, address + parameters.toVelocity);
      const square = squares?.get(name);
      if (square && learns && parameters.toSquares > 0) write(shape, square, address + parameters.toSquares);
      if (parameters.toEma > 0) write(shape, ema?.get(name) ?? tensor, address + parameters.toEma);
    }
  }
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

async function tooLarge(plan: TrainingPlan, options: TrainerOptions & { threads: number }): Promise<RanetError> {
  const bytesOf = (batchSize: number) => buildTrainingProgram(plan, { ...options, batchSize }).bytes;
  const fits = await largestBatchThat(options.batchSize, (batchSize) => bytesOf(batchSize) <= MAX_BYTES);
  return new RanetError(
    `Cannot train ${plan.network.spec.name} on the CPU with a batch of ${options.batchSize}: it needs ` +
      `${gigabytes(bytesOf(options.batchSize))}, and at most 4 GiB can be addressed. ` +
      (fits > 0 ? `The largest batch that fits is ${fits}.` : "Not even one image fits."),
    { code: "too-large", ...fits > 0 && { remedy: { batch: fits } } },
  );
}
