/**
 * Reads samples in order, ahead of whoever uses them, in bounded memory.
 *
 * @module
 */
import { RanetError } from "../errors.ts";

/** Options of `readSamples`. */
export interface ReadSamplesOptions<T> {
  /** Reads one: of a photo its tensor, say, which may be far smaller than its pixels and waits in their place. */
  readonly read: (index: number) => Promise<T>;
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
 * @param size How many the data set has.
 * @returns What `read` made of each sample, in the data set's order.
 * @throws {RanetError} At the first bad entry, without `onBad`.
 */
export async function* readSamples<T>(size: number, options: ReadSamplesOptions<T>): AsyncGenerator<T> {
  const { read, start = 0, includes = () => true, ahead = 16, onBad } = options;
  const attempt = async (
    index: number,
  ): Promise<{ readonly kept: T } | { readonly error: unknown; readonly index: number }> => {
    try {
      return { kept: await read(index) };
    } catch (error) {
      return { error, index };
    }
  };
  const waiting: ReturnType<typeof attempt>[] = [];
  for (let next = start; next < size || waiting.length > 0;) {
    for (; next < size && waiting.length <= ahead; next++) if (includes(next)) waiting.push(attempt(next));
    if (waiting.length === 0) return;
    const result = (await waiting.shift())!;
    if ("kept" in result) yield result.kept;
    else if (result.error instanceof RanetError && onBad !== undefined) onBad(result.error.message, result.index);
    else throw result.error;
  }
}
