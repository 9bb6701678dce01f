/**
 * The training loop: feeds batches to the trainer with a few steps in flight, computes the means of every epoch,
 * validates, and saves the state. It does not depend on devices or files.
 *
 * @module
 */

import type { Trainer, TrainingState } from "../device/trainer.ts";
import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type BatchSource, epochBatches, stepsPerEpoch } from "./batches.ts";
import { lossOf, type Recipe } from "./recipe.ts";
import { addStep, emptySums, type EpochRecord, meansOf, type Position, type StepRecord } from "./records.ts";
import { recomputeStatistics } from "./norm_statistics.ts";
import { PURPOSE, randomStream } from "./random.ts";
import { learningRateAt } from "./schedule.ts";
import type { SizedTrainer } from "./sized_trainer.ts";
import { scaleAt, scaledSize } from "./sizes.ts";
import { validate, type ValidationOutcomes } from "./validate.ts";

/** Maximum number of steps in flight, whose losses are not known yet, so that a GPU always has work. */
const UNDER_WAY = 3;
/** Milliseconds after which the loop yields to timers and messages. Without threads, steps would never yield. */
const TURN = 50;

/** A snapshot of a run. A run resumed from it produces bit-identical weights. */
export interface Snapshot {
  /** The progress of the run. */
  readonly position: Position;
  /** The state of the trainer. */
  readonly state: TrainingState;
  /** Batch norm's statistics for the averaged weights, where they have been recomputed. */
  readonly statistics?: ReadonlyMap<string, Tensor>;
}

/** Options of a run. */
export interface RunOptions {
  /** The network. */
  readonly network: Network;
  /** The recipe. */
  readonly recipe: Recipe;
  /** The trainer, in the state of `position`. */
  readonly trainer: SizedTrainer;
  /** Threads of the CPU for validation and statistics. Default: one per core. */
  readonly threads?: number;
  /** Images to train on. */
  readonly training: BatchSource;
  /** Images to validate on at the end of every epoch. */
  readonly validation?: BatchSource;
  /** Epochs from one validation to the next; the last epoch is always validated. Default: 1. */
  readonly validateEvery?: number;
  /** The position to continue from. */
  readonly position: Position;
  /** When aborted, the current step is finished, the state is saved, and the run ends. */
  readonly signal?: AbortSignal;
  /** Milliseconds between saves within an epoch. */
  readonly saveEvery: number;
  /** Called after each step. */
  readonly onStep?: (step: StepRecord) => void;
  /** Called after each epoch. */
  readonly onEpoch?: (epoch: EpochRecord) => void;
  /** Saves a snapshot: after every epoch, every `saveEvery` milliseconds, and when the run stops. */
  readonly onSave?: (snapshot: Snapshot) => Promise<void>;
}

/** The outcome of a run. */
export interface RunOutcome extends Snapshot {
  /** Whether all steps were taken. */
  readonly finished: boolean;
  /** The results of the last validation. */
  readonly validation?: ValidationOutcomes;
}

/** Steps in a whole run. */
export function totalSteps({ length, batch }: Recipe, images: number): number {
  return "steps" in length ? length.steps : length.epochs * stepsPerEpoch(images, batch);
}

/** The largest share of a run over which weights are averaged. */
const AVERAGED_SHARE = 0.1;

/**
 * A recipe that averages weights over at most a tenth of the run. In a short run, a decay meant for long ones would
 * include weights from before anything was learned.
 */
export function boundEma(recipe: Recipe, images: number): Recipe {
  const most = 1 - 1 / (AVERAGED_SHARE * totalSteps(recipe, images));
  return { ...recipe, emaDecay: Math.max(0, Math.min(recipe.emaDecay, most)) };
}

/**
 * The weights of a snapshot's model: their average, if there is one. The average starts at zero, so it is divided by
 * its total weight after all steps, 1 − decay^steps (Kingma and Ba, "Adam", ICLR 2015, section 3).
 */
export function weightsOf(
  { position: { step }, state: { tensors, momentum, ema }, statistics }: Snapshot,
  { emaDecay: decay, train }: Pick<Recipe, "emaDecay" | "train">,
): ReadonlyMap<string, Tensor> {
  if (!ema || step === 0) return tensors;
  const share = 1 - decay ** step;
  return new Map(Array.from(tensors, ([name, tensor]) => {
    // Frozen tensors are their own average.
    if (train === "classifiers" && !momentum.has(name)) return [name, tensor];
    const recomputed = statistics?.get(name);
    if (recomputed) return [name, recomputed];
    const { shape, data } = ema.get(name)!;
    return [name, { shape, data: data.map((sum) => sum / share) }];
  }));
}

/**
 * Trains until all steps are taken or the signal aborts.
 *
 * @returns The last state.
 * @throws {RanetError} If a loss is not finite (the state before it is saved first), or an image cannot be read.
 */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const loop = new Loop(options);
  while (loop.goesOn) await loop.epoch();
  return await loop.outcome();
}

interface StepUnderWay {
  readonly record: Pick<StepRecord, "step" | "epoch" | "learningRate" | "images">;
  readonly losses: ReturnType<Trainer["step"]>;
}

class Loop {
  readonly #options: RunOptions;
  readonly #perEpoch: number;
  readonly #steps: number;
  readonly #exitWeights: readonly number[];
  readonly #underWay: StepUnderWay[] = [];
  #position: Position;
  #validation?: ValidationOutcomes;
  /** Those of the last step, where they have been recomputed. */
  #statistics?: ReadonlyMap<string, Tensor>;
  #since = performance.now();
  #saved = performance.now();
  #turned = performance.now();

  constructor(options: RunOptions) {
    this.#options = options;
    const { recipe, training, network, position } = options;
    const images = training.store.usable.length;
    this.#perEpoch = stepsPerEpoch(images, recipe.batch);
    this.#steps = totalSteps(recipe, images);
    this.#exitWeights = lossOf(recipe, network.exits.length).exits;
    this.#position = position;
  }

  /** Whether there are steps left and the run has not been stopped. */
  get goesOn(): boolean {
    return (this.#position.step < this.#steps || this.#isUnfinished) && !this.#options.signal?.aborted;
  }

  /** Whether all steps of an epoch are taken, but it has not been validated. */
  get #isUnfinished(): boolean {
    const { step, sums } = this.#position;
    return sums.images > 0 && (step === this.#steps || step % this.#perEpoch === 0);
  }

  /** Whether statistics are recomputed. In a very short run, nothing is averaged. */
  get #recomputes(): boolean {
    const { statistics, emaDecay } = this.#options.recipe;
    return statistics === "recomputed" && emaDecay > 0;
  }

  /** Takes the remaining steps of an epoch. */
  async epoch(): Promise<void> {
    const { recipe, training, trainer } = this.#options;
    this.#since = performance.now();
    if (this.#isUnfinished) return await this.#finishEpoch();
    let { step } = this.#position;
    const epoch = Math.floor(step / this.#perEpoch);
    const from = step % this.#perEpoch;
    const to = Math.min(this.#perEpoch, from + this.#steps - step);
    const epochs = Math.ceil(this.#steps / this.#perEpoch);
    const size = scaledSize(training.size, scaleAt(recipe.sizes, epoch, epochs));
    await trainer.use(size);
    for await (const { images, labels, second } of epochBatches(training, recipe, { epoch, from, to, size })) {
      const seed = Math.floor(2 ** 32 * randomStream(recipe.seed, PURPOSE.dropout, step)());
      const learningRate = learningRateAt(recipe.schedule, step, this.#steps);
      this.#statistics = undefined;
      const losses = trainer.step(images, labels, { learningRate, seed, step: step++, second });
      losses.catch(() => {}); // it is awaited in its turn
      this.#underWay.push({ record: { step, epoch: epoch + 1, learningRate, images: labels.length }, losses });
      while (this.#underWay.length > UNDER_WAY) await this.#settle();
      if (performance.now() - this.#turned >= TURN) await this.#giveTurn();
      if (this.#options.signal?.aborted) break;
      if (performance.now() - this.#saved >= this.#options.saveEvery) await this.#save();
    }
    while (this.#underWay.length > 0) await this.#settle();
    this.#countTime();
    if (this.#isUnfinished) await this.#finishEpoch();
    else await this.#save();
  }

  /** The last state. */
  async outcome(): Promise<RunOutcome> {
    const state = await this.#options.trainer.read();
    const finished = this.#position.step === this.#steps;
    // A run that was finished before has none yet.
    if (finished) this.#statistics ??= await this.#recompute(state);
    return {
      ...{ position: this.#position, state, finished, validation: this.#validation },
      ...finished && { statistics: this.#statistics },
    };
  }

  /** Lets timers and messages run, so that the run can be stopped. */
  async #giveTurn(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#turned = performance.now();
  }

  /** Waits for the oldest step in flight. */
  async #settle(): Promise<void> {
    const { record, losses: promised } = this.#underWay.shift()!;
    const { losses, correct } = await promised;
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) await this.#giveUp(record.step, bad, losses[bad]);
    const step: StepRecord = {
      ...record,
      loss: losses.reduce((sum, loss, k) => sum + this.#exitWeights[k] * loss, 0),
      losses: [...losses],
      top1: Array.from(correct, (count) => count / record.images),
    };
    this.#position = { ...this.#position, step: step.step, sums: addStep(this.#position.sums, step) };
    this.#options.onStep?.(step);
  }

  /** Ends the run after a loss that is not finite. The trainer still has the state before that step. */
  async #giveUp(step: number, exit: number, loss: number): Promise<never> {
    this.#underWay.length = 0;
    // Weights may be infinite although the loss was finite. They cannot be saved; the previous snapshot remains.
    await this.#save().catch((error) => {
      if (!(error instanceof RanetError)) throw error;
    });
    throw diverged(`the loss of exit ${exit + 1} is ${loss} at step ${step}`);
  }

  async #finishEpoch(): Promise<void> {
    const { network, trainer, threads, signal, recipe, validateEvery = 1 } = this.#options;
    const { sums, epochs, step } = this.#position;
    const epoch = Math.ceil(step / this.#perEpoch);
    const isDue = epoch % validateEvery === 0 || step === this.#steps;
    const validation = isDue ? this.#options.validation : undefined;
    const seconds = sums.seconds;
    const recomputes = isDue && this.#recomputes;
    const state = validation || recomputes ? await trainer.read() : undefined;
    if (recomputes) {
      // Undefined if that was stopped.
      this.#statistics = await this.#recompute(state!);
      if (!this.#statistics) return await this.#save(state);
    }
    const found = validation && await validate(
      network,
      weightsOf({ position: this.#position, state: state!, statistics: this.#statistics }, recipe),
      validation,
      { device: trainer.device.kind, threads, signal },
    );
    // Stopped during validation, as above: the epoch is completed when the run is resumed.
    if (validation && !found) return await this.#save(state);
    this.#validation = found;
    this.#countTime();
    const record: EpochRecord = {
      epoch,
      step,
      learningRate: learningRateAt(recipe.schedule, step - 1, this.#steps),
      training: meansOf(sums),
      ...found && { validation: { losses: found.losses, top1: found.top1 } },
      seconds: this.#position.sums.seconds,
      imagesPerSecond: sums.images / seconds,
    };
    this.#position = { ...this.#position, sums: emptySums(network.exits.length), epochs: [...epochs, record] };
    await this.#save(state);
    this.#options.onEpoch?.(record);
  }

  /** Recomputes batch norm's statistics, if the recipe says so; `undefined` if that was stopped, too. */
  async #recompute(state: TrainingState): Promise<ReadonlyMap<string, Tensor> | undefined> {
    const { network, training, trainer, threads, recipe, signal } = this.#options;
    if (!this.#recomputes) return undefined;
    const tensors = weightsOf({ position: this.#position, state }, recipe);
    const epoch = Math.ceil(this.#position.step / this.#perEpoch) - 1;
    return await recomputeStatistics({
      network,
      tensors,
      recipe,
      training,
      epoch,
      device: trainer.device.kind,
      threads,
      signal,
    });
  }

  /** Adds the time since the last call to the epoch's time. */
  #countTime(): void {
    const now = performance.now();
    const { sums } = this.#position;
    this.#position = { ...this.#position, sums: { ...sums, seconds: sums.seconds + (now - this.#since) / 1000 } };
    this.#since = now;
  }

  /** Saves a snapshot. `read`: its state, if that has already been read. */
  async #save(read?: TrainingState): Promise<void> {
    while (this.#underWay.length > 0) await this.#settle();
    this.#saved = performance.now();
    if (!this.#options.onSave) return;
    this.#countTime();
    const state = read ?? await this.#options.trainer.read();
    for (const [name, { data }] of state.tensors) {
      // Batch norm with the batch's own statistics can hide an infinite weight from the loss.
      const bad = data.find((value) => !Number.isFinite(value));
      if (bad !== undefined) throw diverged(`${name} is ${bad} at step ${this.#position.step}`);
    }
    await this.#options.onSave({ position: this.#position, state, statistics: this.#statistics });
  }
}

function diverged(what: string): RanetError {
  return new RanetError(
    `Cannot continue: ${what}. The learning rate is most likely too high: try a tenth of it, or a longer warmup.`,
    { code: "diverged" },
  );
}
