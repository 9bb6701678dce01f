/**
 * Evaluates a data set: writes the logits of every exit to a file as they are computed, so that an interrupted
 * evaluation can be resumed, and memory stays constant.
 *
 * @module
 */

import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { makeFolder } from "../io/folders.ts";
import type { Validation } from "../calibration/measure.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { forwardDataset } from "../executor/forward_dataset.ts";
import { arithmeticOf } from "../device/arithmetic.ts";
import { isInShard, type Shard } from "../results/shard.ts";
import { digestModel } from "../weights/digest.ts";
import { LogitsFile, type Outcomes } from "./logits_file.ts";
import { shardPath, writeShardNote } from "./logits_shards.ts";

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** Folder for the logits file. Created if missing. */
  readonly folder: string;
  /** Decodes image files. Default: the calling thread. */
  readonly decoders?: DecoderPool;
  /** Called with the error of each bad entry, which is then skipped. Without it, the first one throws. */
  readonly onBad?: (message: string) => void;
  /** Called with the number of finished samples: first with those of earlier runs, then after every batch. */
  readonly onProgress?: (done: number) => void;
  /** Called for each image file that is checked for changes before the evaluation. */
  readonly onLook?: () => void;
}

/**
 * Computes the logits of every exit for a data set, or continues an earlier run.
 *
 * @returns The outcomes of every exit.
 * @throws {RanetError} If an entry is bad (without `onBad`), there are no samples, or the folder cannot be written to.
 */
export async function evaluate(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<Outcomes> {
  using file = await wholeFile(executor, dataset, options);
  return await file.outcomes(dataset.size, executor.model.temperatures);
}

/** Returns the logits themselves, computed or continued as in {@linkcode evaluate}. */
export async function evaluateLogits(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<Validation> {
  using file = await wholeFile(executor, dataset, options);
  return await file.validation(dataset.size);
}

/**
 * Computes one shard of an evaluation. `mergeLogits` merges the shards.
 *
 * @returns Path of the shard's logits.
 * @throws {RanetError} If an entry is bad (without `onBad`), or the folder cannot be written to.
 */
export async function evaluateShard(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  options: EvaluateOptions & { readonly shard: Shard },
): Promise<string> {
  const { folder, shard } = options;
  const { spec: { classes }, network: { exits } } = executor.model;
  const about = {
    key: await logitsKey(executor, dataset, options),
    shard,
    arithmetic: await arithmeticOf(executor.device),
    samples: dataset.size,
    shape: { exits: exits.length, classes: classes.length },
  };
  const path = shardPath(folder, about);
  using _file = await fill(path, executor, dataset, { ...options, includes: (index) => isInShard(index, shard) });
  await writeShardNote(folder, about);
  return path;
}

async function wholeFile(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<LogitsFile> {
  const path = join(options.folder, `${await logitsKey(executor, dataset, options)}.logits`);
  const file = await fill(path, executor, dataset, options);
  if (await file.count() > 0) return file;
  file[Symbol.dispose]();
  throw new RanetError(`Cannot evaluate ${dataset.name}: none of its samples can be used`);
}

/** Completes a logits file. */
async function fill(
  path: string,
  executor: AdaptiveExecutor,
  dataset: Dataset,
  { folder, decoders, onBad, onProgress, includes }: EvaluateOptions & { includes?: (index: number) => boolean },
): Promise<LogitsFile> {
  const { spec: { classes }, network: { exits } } = executor.model;
  await makeFolder(folder);
  const file = await LogitsFile.open(path, { exits: exits.length, classes: classes.length });
  try {
    onProgress?.(file.next);
    for await (const batch of forwardDataset(executor, dataset, { start: file.next, includes, decoders, onBad })) {
      await file.append(batch);
      onProgress?.(batch.indexes[batch.indexes.length - 1] + 1);
    }
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** A key of everything that logits depend on, so that logits of another model, data set or setting are never reused. */
async function logitsKey(executor: AdaptiveExecutor, dataset: Dataset, options: EvaluateOptions): Promise<string> {
  const { model, precision, device } = executor;
  const { name, spec } = model;
  const about = [
    config.version,
    spec,
    await digestModel(model),
    precision,
    device,
    await dataset.digest({ onSample: options.onLook }),
    options.onBad !== undefined,
  ];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(about)));
  return `${name}-${new Uint8Array(digest).slice(0, 8).toHex()}`;
}
