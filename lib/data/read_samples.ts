/**
 * Reads a data set in order, ahead of whoever uses it, in bounded memory.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { Dataset, Sample } from "./dataset.ts";

/** Options of `readSamples`. */
export interface ReadSamplesOptions<T> {
  /** What to keep of a sample while it waits: its tensor, say, which may be far smaller than a photo's pixels. */
  readonly keep: (sample: Sample, index: number) => T;
  /**
   * Where to begin.
   *
   * @default {0}
   */
  readonly start?: number;
  /**
   * Which samples are read.
   *
   * @default {all}
   */
  readonly includes?: (index: number) => boolean;
  /**
   * How many samples are read ahead.
   *
   * @default {16}
   */
  readonly ahead?: number;
  /** Told what is wrong with each bad entry, which is skipped; without it, the first one throws. */
  readonly onBad?: (message: string, index: number) => void;
}

/**
 * Reads samples one by one while the consumer is busy with those before: decoding and inference overlap.
 *
 * @returns What `keep` made of each sample, in the data set's order.
 * @throws {RanetError} At the first bad entry, without `onBad`.
 */
export async function* readSamples<T>(dataset: Dataset, options: ReadSamplesOptions<T>): AsyncGenerator<T> {
  const { keep, start = 0, includes = () => true, ahead = 16, onBad } = options;
  const read = async (
    index: number,
  ): Promise<{ readonly kept: T } | { readonly error: unknown; readonly index: number }> => {
    try {
      return { kept: keep(await dataset.read(index), index) };
    } catch (error) {
      return { error, index };
    }
  };
  const waiting: ReturnType<typeof read>[] = [];
  for (let next = start; next < dataset.size || waiting.length > 0;) {
    for (; next < dataset.size && waiting.length <= ahead; next++) if (includes(next)) waiting.push(read(next));
    if (waiting.length === 0) return;
    const result = (await waiting.shift())!;
    if ("kept" in result) yield result.kept;
    else if (result.error instanceof RanetError && onBad !== undefined) onBad(result.error.message, result.index);
    else throw result.error;
  }
}
