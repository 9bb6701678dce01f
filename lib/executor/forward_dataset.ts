/**
 * Computes the logits of every exit for a data set, batch by batch.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import { toTensor } from "../data/preprocess.ts";
import { readSamples } from "../data/read_samples.ts";
import { readTensor } from "../data/read_tensor.ts";
import type { AdaptiveExecutor } from "./executor.ts";
import { DEFAULT_BATCH_SIZE } from "./options.ts";

/** Logits of every exit for some samples. */
export interface DatasetBatch {
  /** Each sample's index in the data set. */
  readonly indexes: readonly number[];
  /** Each sample's correct class. */
  readonly labels: readonly number[];
  /** For each exit, `[sample][class]`. */
  readonly logits: readonly Float32Array[];
}

interface Item {
  readonly index: number;
  readonly label: number;
  readonly tensor: Float32Array;
}

/**
 * Runs all exits on a data set. While the device computes a batch, the next one is decoded.
 *
 * @param options `start`: the first sample; `includes`: selects samples, by default all; `decoders`: decode image
 * files, by default on the calling thread; `onBad`: called for each entry that cannot be read, which is skipped.
 * @throws {RanetError} If an entry cannot be read and there is no `onBad`.
 */
export async function* forwardDataset(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  options: {
    readonly start?: number;
    readonly includes?: (index: number) => boolean;
    readonly decoders?: DecoderPool;
    readonly onBad?: (message: string) => void;
  },
): AsyncGenerator<DatasetBatch> {
  const { input } = executor.model.spec;
  const forward = async (items: readonly Item[]): Promise<DatasetBatch> => {
    const images = new Float32Array(items.length * items[0].tensor.length);
    items.forEach(({ tensor }, i) => images.set(tensor, i * tensor.length));
    const logits = await executor.forward(images);
    return { indexes: items.map(({ index }) => index), labels: items.map(({ label }) => label), logits };
  };
  const read = async (index: number): Promise<Item> => {
    const file = await dataset.file?.(index);
    if (file) {
      const { label, bytes, source } = file;
      const tensor = options.decoders
        ? await options.decoders.tensor(bytes, { source, input, isGiven: true })
        : await readTensor(bytes, { source, input });
      return { index, label, tensor };
    }
    const { label, image } = await dataset.read(index);
    return { index, label, tensor: toTensor(image, input) };
  };
  const samples = readSamples(dataset.size, {
    ...options,
    read,
    ahead: DEFAULT_BATCH_SIZE,
  });
  let running: Promise<DatasetBatch> | undefined;
  let items: Item[] = [];
  for await (const item of samples) {
    items.push(item);
    if (items.length < DEFAULT_BATCH_SIZE) continue;
    if (running) yield await running;
    running = forward(items);
    running.catch(() => {}); // thrown where it is awaited
    items = [];
  }
  if (running) yield await running;
  if (items.length > 0) yield await forward(items);
}
