/**
 * Reads samples in order, ahead of whoever uses them, in bounded memory.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import { mapAhead } from "../io/ahead.ts";

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
  const indexes = function* () {
    for (let index = start; index < size; index++) if (includes(index)) yield index;
  };
  for await (const result of mapAhead(indexes(), ahead, attempt)) {
    if ("kept" in result) yield result.kept;
    else if (result.error instanceof RanetError && onBad !== undefined) onBad(result.error.message, result.index);
    else throw withRemedy(result.error);
  }
}

/** A bad entry can be left out. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof RanetError)) return error;
  const { message, code, remedies } = error;
  return new RanetError(message, { code, remedy: [...remedies, { skipBad: true }], cause: error });
}
