/**
 * Reads samples in order and ahead of their use, in bounded memory.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import { mapAhead } from "../io/ahead.ts";

/** Options of `readSamples`. */
export interface ReadSamplesOptions<T> {
  /** Reads one sample, for example the tensor of a photo, which may be far smaller than its pixels. */
  readonly read: (index: number) => Promise<T>;
  /**
   * Index of the first sample.
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
  /** Called with the error of each bad entry, which is then skipped. Without it, the first one throws. */
  readonly onBad?: (message: string, index: number) => void;
}

/**
 * Reads samples while the consumer processes earlier ones, so that decoding and inference overlap.
 *
 * @param size Number of samples in the data set.
 * @returns The result of `read` for each sample, in the data set's order.
 * @throws {RanetError} On the first bad entry, if `onBad` is not given.
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

/** Adds the remedy of skipping bad entries to an error. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof RanetError)) return error;
  const { message, code, remedies } = error;
  return new RanetError(message, { code, remedy: [...remedies, { skipBad: true }], cause: error });
}
