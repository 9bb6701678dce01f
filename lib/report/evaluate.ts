/**
 * The pass over a data set: the logits of every exit, kept in a file as they come, so that an evaluation that was cut
 * off goes on where it stopped, and memory stays flat.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { digestTensors } from "../weights/digest.ts";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { argmax, softmax } from "../softmax.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { type DatasetBatch, forwardDataset } from "../executor/forward_dataset.ts";
import type { Model } from "../model/model.ts";

/** Numbers in a record before its logits: the sample's index, its label. */
const HEAD = 2;

/** What every exit says of a data set, without the logits. */
export interface Outcomes {
  /** Each sample's index in the data set. */
  readonly indexes: Uint32Array;
  /** Each sample's right class. */
  readonly labels: Uint32Array;
  /** The largest probability, `[exit][sample]`. */
  readonly confidences: readonly Float32Array[];
  /** The most probable class, `[exit][sample]`. */
  readonly predictions: readonly Uint32Array[];
  /** 1 where the right class is among the five most probable, `[exit][sample]`. */
  readonly top5: readonly Uint8Array[];
}

/** How a pass is made. */
export interface EvaluateOptions {
  /** Folder for the file of logits; made if missing. */
  readonly folder: string;
  /** Told what is wrong with each bad entry, which is skipped; without it, the first one throws. */
  readonly onBad?: (message: string) => void;
  /** Told how many of the data set's samples are done: those of earlier runs first, then after every batch. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Computes the logits of every exit for a data set, or takes up those that an earlier run has left.
 *
 * @returns What they say.
 * @throws {RanetError} If an entry is bad (without `onBad`), there are no samples, or the folder cannot be written to.
 */
export async function evaluate(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<Outcomes> {
  const { model } = executor;
  const width = HEAD + model.network.exits.length * model.spec.classes.length;
  await Deno.mkdir(options.folder, { recursive: true });
  const path = join(options.folder, `${await cacheKey(executor, dataset, options)}.logits`);
  using file = await Deno.open(path, { read: true, write: true, create: true });
  await file.lock(true);
  const { size } = await file.stat();
  const kept = Math.floor(size / (4 * width));
  await file.truncate(kept * 4 * width); // a record that was cut off is computed again
  let start = 0;
  if (kept > 0) {
    const last = new Uint32Array(width);
    await file.seek((kept - 1) * 4 * width, Deno.SeekMode.Start);
    await readFull(file, new Uint8Array(last.buffer));
    start = last[0] + 1;
  }
  await file.seek(0, Deno.SeekMode.End);
  options.onProgress?.(start);
  for await (const batch of forwardDataset(executor, dataset, { start, onBad: options.onBad })) {
    await writeFull(file, toRecords(batch, model.spec.classes.length));
    options.onProgress?.(batch.indexes[batch.indexes.length - 1] + 1);
  }
  return await readOutcomes(file, { path, width, model, dataset });
}

function toRecords({ indexes, labels, logits }: DatasetBatch, classes: number): Uint8Array {
  const width = HEAD + logits.length * classes;
  const floats = new Float32Array(indexes.length * width);
  const integers = new Uint32Array(floats.buffer);
  indexes.forEach((index, i) => {
    integers.set([index, labels[i]], i * width);
    logits.forEach((values, exit) => {
      floats.set(values.subarray(i * classes, (i + 1) * classes), i * width + HEAD + exit * classes);
    });
  });
  return new Uint8Array(floats.buffer);
}

async function readOutcomes(
  file: Deno.FsFile,
  options: { readonly path: string; readonly width: number; readonly model: Model; readonly dataset: Dataset },
): Promise<Outcomes> {
  const { path, width, model, dataset } = options;
  const { exits, spec: { classes: { length: classes } } } = model.network;
  const count = (await file.stat()).size / (4 * width);
  if (count === 0) throw new RanetError(`Cannot evaluate ${dataset.name}: no sample of it can be used`);
  const outcomes = {
    indexes: new Uint32Array(count),
    labels: new Uint32Array(count),
    confidences: exits.map(() => new Float32Array(count)),
    predictions: exits.map(() => new Uint32Array(count)),
    top5: exits.map(() => new Uint8Array(count)),
  };
  await file.seek(0, Deno.SeekMode.Start);
  const record = new Float32Array(width);
  const integers = new Uint32Array(record.buffer);
  const bytes = new Uint8Array(record.buffer);
  let before = -1;
  for (let sample = 0; sample < count; sample++) {
    await readFull(file, bytes);
    const [index, label] = integers;
    if (index <= before || index >= dataset.size || label >= classes || !record.subarray(HEAD).every(Number.isFinite)) {
      throw new RanetError(`Cannot use ${JSON.stringify(path)}: record ${sample + 1} is damaged; delete the file`);
    }
    before = index;
    outcomes.indexes[sample] = index;
    outcomes.labels[sample] = label;
    for (let exit = 0; exit < exits.length; exit++) {
      const logits = record.subarray(HEAD + exit * classes, HEAD + (exit + 1) * classes);
      const probabilities = softmax(logits);
      const best = argmax(probabilities);
      outcomes.confidences[exit][sample] = probabilities[best];
      outcomes.predictions[exit][sample] = best;
      const above = logits.reduce((n, value) => n + Number(value > logits[label]), 0);
      outcomes.top5[exit][sample] = Number(above < 5);
    }
  }
  return outcomes;
}

/** Tells apart all that logits depend on, so that those of anything else are never taken. */
async function cacheKey(executor: AdaptiveExecutor, dataset: Dataset, options: EvaluateOptions): Promise<string> {
  const { model: { name, spec, tensors }, precision, device } = executor;
  const about = [
    config.version,
    spec,
    await digestTensors(tensors),
    precision,
    device,
    await dataset.digest(),
    options.onBad !== undefined,
  ];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(about)));
  return `${name}-${new Uint8Array(digest).slice(0, 8).toHex()}`;
}

async function readFull(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const read = await file.read(bytes.subarray(done));
    if (read === null) throw new RanetError("Cannot read the file of logits: it became shorter");
    done += read;
  }
}

async function writeFull(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}
