/**
 * A pass over a data set, with its progress.
 *
 * @module
 */

import type { Validation } from "../calibration/measure.ts";
import type { Dataset } from "../data/dataset.ts";
import { DATASET_DEADLINE, openDecoders } from "../data/decoder_pool.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { forwardDataset } from "../executor/forward_dataset.ts";

/**
 * The logits of every exit for a whole data set.
 *
 * @param options `title`: the title of the progress bar. `onBad`: called for each entry that cannot be read, which is skipped.
 */
export async function predict(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  { title, onBad }: { readonly title: string; readonly onBad?: (message: string) => void },
): Promise<Validation> {
  const { network, spec } = executor.model;
  const classes = spec.classes.length;
  const logits = network.exits.map(() => new Float32Array(dataset.size * classes));
  const labels = new Uint32Array(dataset.size);
  let done = 0;
  const { Progress } = await import("./progress.ts");
  using progress = new Progress(title, dataset.size);
  using decoders = await openDecoders(dataset.size, { deadline: DATASET_DEADLINE });
  for await (const batch of forwardDataset(executor, dataset, { decoders, onBad })) {
    batch.logits.forEach((values, exit) => logits[exit].set(values, done * classes));
    labels.set(batch.labels, done);
    done += batch.labels.length;
    progress.advance(batch.labels.length);
  }
  return { logits: logits.map((values) => values.subarray(0, done * classes)), labels: labels.subarray(0, done) };
}
