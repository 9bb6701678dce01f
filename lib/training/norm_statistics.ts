/**
 * Computes batch norm's running statistics for given weights. Averages over steps with other weights do not fit them
 * while the learning rate is high (Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
 * Generalization", UAI 2018, section 3.2).
 *
 * @module
 */

import { openTrainer } from "../device/open_trainer.ts";
import type { Trainer } from "../device/trainer.ts";
import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type BatchSource, epochBatches } from "./batches.ts";
import { lossOf, type Recipe } from "./recipe.ts";

/** Images in a batch, if there is memory for them: enough for a variance that is close to that of all images. */
const BATCH = 128;
/** Most batches. */
const BATCHES = 16;
/** Share of a running statistic that stays in a step. */
const KEPT = 0.9;

/** Options of {@linkcode recomputeStatistics}. */
export interface RecomputeOptions {
  /** The network. */
  readonly network: Network;
  /** Its weights. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** How images are ordered and augmented. */
  readonly recipe: Recipe;
  /** Images to train on. */
  readonly training: BatchSource;
  /** The epoch whose first images are taken, from 0. */
  readonly epoch: number;
  /** The device to run on. */
  readonly device: "gpu" | "cpu";
  /** Threads of the CPU. Default: one per core. */
  readonly threads?: number;
  /** When aborted, nothing is returned. */
  readonly signal?: AbortSignal;
  /** Opens the trainer. Default: `openTrainer`. */
  readonly open?: typeof openTrainer;
}

/**
 * Computes running means and variances over up to 2048 images of an epoch, as training sees them.
 *
 * @returns The statistics by name; `undefined` if the signal was aborted.
 * @throws {RanetError} If an image cannot be read and the source has no `onBad`, or no batch fits into memory.
 */
export async function recomputeStatistics(
  { network, tensors, recipe, training, epoch, device, threads, signal, open = openTrainer }: RecomputeOptions,
): Promise<ReadonlyMap<string, Tensor> | undefined> {
  const images = training.store.usable.length;
  // They move from zero towards those of each batch.
  const start = Array.from(tensors, ([name, { shape, data }]) =>
    [
      name,
      { shape, data: isStatistic(name) ? new Float32Array(data.length) : data },
    ] as const);
  const opened = await openLargest(
    Math.min(BATCH, images),
    (batchSize) =>
      open(network, { tensors: new Map(start), momentum: new Map() }, {
        ...{ device, threads, batchSize, optimizer: recipe.optimizer, loss: lossOf(recipe, network.exits.length) },
        ...{ emaDecay: 0, gradients: recipe.gradients, train: "statistics" },
      }),
  );
  using trainer = opened.trainer;
  const { batchSize } = opened;
  // A smaller last batch would count as much as the others.
  const to = Math.min(BATCHES, Math.floor(images / batchSize));
  let step = 0;
  for await (
    const { images, labels } of epochBatches(training, { ...recipe, batch: batchSize }, { epoch, from: 0, to })
  ) {
    await trainer.step(images, labels, { learningRate: 0, step: step++ });
    if (signal?.aborted) return undefined;
  }
  const share = 1 - KEPT ** step;
  const { tensors: found } = await trainer.read();
  return new Map(
    Array.from(found).filter(([name]) => isStatistic(name))
      .map(([name, { shape, data }]) => [name, { shape, data: data.map((sum) => sum / share) }]),
  );
}

/**
 * Opens a trainer for the first of a batch size, its half, its quarter and so on that fits into memory, of which the
 * run's own trainer takes a part.
 */
async function openLargest(
  most: number,
  open: (batchSize: number) => Promise<Trainer>,
): Promise<{ readonly trainer: Trainer; readonly batchSize: number }> {
  for (let batchSize = most;; batchSize = Math.ceil(batchSize / 2)) {
    try {
      return { trainer: await open(batchSize), batchSize };
    } catch (error) {
      if (!(error instanceof RanetError && error.code === "too-large" && batchSize > 2)) throw error;
    }
  }
}

function isStatistic(name: string): boolean {
  return name.endsWith(".running_mean") || name.endsWith(".running_var");
}
