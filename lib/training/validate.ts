/**
 * Measures every exit of a network on images that are not trained on, with the same executor that classifies images.
 *
 * @module
 */

import { AdaptiveExecutor } from "../executor/executor.ts";
import { DEFAULT_BATCH_SIZE } from "../executor/options.ts";
import type { Measured, Validation } from "../calibration/measure.ts";
import type { Network } from "../network/network.ts";
import { argmax, softmax } from "../softmax.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type BatchSource, makeBatch } from "./batches.ts";

/** Results of every exit on the validation images. */
export interface ValidationOutcomes extends Measured {
  /** Mean cross-entropy of each exit. */
  readonly losses: readonly number[];
  /** Share of correct predictions of each exit, in [0, 1]. */
  readonly top1: readonly number[];
  /** Logits of all samples, or of an even selection if not all fit; missing unless `keepLogits` is set. */
  readonly logits?: Validation;
  /** Confusion matrix of the last exit, `[class][predicted]`. */
  readonly confusion: readonly Uint32Array[];
}

/** Options of a validation. */
export interface ValidateOptions {
  /** The device to run on. */
  readonly device: "gpu" | "cpu";
  /** Threads of the CPU. Default: one per core. */
  readonly threads?: number;
  /** When aborted, nothing is returned. */
  readonly signal?: AbortSignal;
  /** Whether to keep logits. */
  readonly keepLogits?: boolean;
  /** Temperatures by which each exit's logits are divided. Default: none. */
  readonly temperatures?: readonly number[];
}

/** Most logits that are kept. */
const MOST_LOGITS = 2 ** 26;

/**
 * Runs all exits on all images of a source.
 *
 * @param network The network.
 * @param tensors Its weights.
 * @param source The images, stored at the network's input size.
 * @param options The device and what to keep.
 * @throws {RanetError} If an image cannot be read and the source has no `onBad`.
 */
export async function validate(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  source: BatchSource,
  options: ValidateOptions,
): Promise<ValidationOutcomes | undefined> {
  const { exits, spec } = network;
  const model = { name: spec.name, spec, network, tensors, temperatures: options.temperatures };
  const usable = source.store.usable;
  // Memory is allocated in each epoch, so a small data set gets a small batch.
  const batchSize = Math.min(DEFAULT_BATCH_SIZE, Math.max(1, usable.length));
  const { device, threads } = options;
  using executor = await AdaptiveExecutor.create(model, { device, threads, batchSize });
  const confidences = exits.map(() => new Float32Array(usable.length));
  const answers = exits.map(() => new Uint32Array(usable.length));
  const known = new Uint32Array(usable.length);
  const losses = exits.map(() => 0);
  const classes = spec.classes.length;
  const every = Math.ceil(usable.length * classes * exits.length / MOST_LOGITS);
  const some = options.keepLogits ? Math.ceil(usable.length / every) : 0;
  const kept = { logits: exits.map(() => new Float32Array(some * classes)), labels: new Uint32Array(some) };
  let keptCount = 0;
  const confusion = spec.classes.map(() => new Uint32Array(spec.classes.length));
  let count = 0;
  for (let start = 0; start < usable.length; start += DEFAULT_BATCH_SIZE) {
    if (options.signal?.aborted) return undefined;
    const { images, labels } = await makeBatch(source, usable.subarray(start, start + DEFAULT_BATCH_SIZE));
    const logits = await executor.forward(images);
    labels.forEach((label, i) => {
      known[count + i] = label;
      if (keptCount < some && (count + i) % every === 0) {
        kept.labels[keptCount] = label;
        logits.forEach((values, k) =>
          kept.logits[k].set(values.subarray(i * classes, (i + 1) * classes), keptCount * classes)
        );
        keptCount++;
      }
      logits.forEach((values, k) => {
        const probabilities = softmax(values.subarray(i * spec.classes.length, (i + 1) * spec.classes.length));
        const best = argmax(probabilities);
        confidences[k][count + i] = probabilities[best];
        answers[k][count + i] = best;
        losses[k] -= Math.log(Math.max(probabilities[label], Number.MIN_VALUE));
        if (k === exits.length - 1) confusion[label][best]++;
      });
    });
    count += labels.length;
  }
  return {
    losses: losses.map((sum) => sum / count),
    top1: answers.map((own) => own.subarray(0, count).filter((answer, i) => answer === known[i]).length / count),
    confidences: confidences.map((own) => own.subarray(0, count)),
    answers: answers.map((own) => own.subarray(0, count)),
    labels: known.subarray(0, count),
    ...some > 0 && {
      logits: {
        logits: kept.logits.map((own) => own.subarray(0, keptCount * classes)),
        labels: kept.labels.subarray(0, keptCount),
      },
    },
    confusion,
  };
}
