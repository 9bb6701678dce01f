/**
 * Turns a stream of inputs into a stream of results. Images are read ahead while the device computes earlier ones.
 *
 * @module
 */

import { concat } from "../io/bytes.ts";
import { RanetError } from "../errors.ts";
import type { Classification } from "../executor/classification.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import type { ClassifyOptions } from "../executor/options.ts";

/** The result of one input. */
export type Outcome<Input> =
  | { readonly input: Input; readonly result: Classification; readonly error?: undefined }
  | { readonly input: Input; readonly error: RanetError; readonly result?: undefined };

/** Options of {@linkcode classifyStream}. */
export interface ClassifyStreamOptions<Input> extends ClassifyOptions {
  /**
   * Reads an input as a tensor; several are read at the same time. A {@linkcode RanetError} becomes the input's result.
   */
  readonly read: (input: Input) => Promise<Float32Array>;
  /** Most images computed together; twice as many are read ahead. */
  readonly batch: number;
}

/**
 * Classifies any number of inputs in bounded memory. The first batches are small, so that the first result does not
 * wait for many images. Ending the iteration closes the source of inputs. An error of the source is thrown after the
 * results of all previous inputs.
 *
 * @param executor The executor.
 * @param inputs The inputs, which are read lazily.
 * @param options How inputs are read, and when they leave.
 * @returns The results of the inputs, in order.
 * @throws {RanetError} If the options do not fit the model.
 */
export async function* classifyStream<Input>(
  executor: AdaptiveExecutor,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: ClassifyStreamOptions<Input>,
): AsyncGenerator<Outcome<Input>> {
  const { read, batch, ...when } = options;
  const ahead = readAhead(inputs, { read, most: 2 * batch });
  try {
    for (let size = 1;; size = Math.min(batch, 2 * size)) {
      const items = await ahead.take(size);
      if (items.length === 0) return;
      const tensors = items.flatMap(({ tensor }) => tensor ?? []);
      const results = (tensors.length > 0 ? await executor.classify(concat(tensors, Float32Array), when) : []).values();
      for (const { input, error } of items) yield error ? { input, error } : { input, result: results.next().value! };
    }
  } finally {
    await ahead.close();
  }
}

/** An input that has been read, or not. */
interface Item<Input> {
  readonly input: Input;
  readonly tensor?: Float32Array;
  readonly error?: RanetError;
}

/** Inputs that are being read. */
interface ReadAhead<Input> {
  /**
   * Returns the next inputs, or none at the end. Throws the source's error after all previous inputs have been taken.
   */
  take(count: number): Promise<Item<Input>[]>;
  /** Closes the source, and waits for inputs that are being read. */
  close(): Promise<void>;
}

/** Reads up to `most` inputs ahead. */
function readAhead<Input>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  { read, most }: { readonly read: (input: Input) => Promise<Float32Array>; readonly most: number },
): ReadAhead<Input> {
  const iterator = iterate(inputs);
  const waiting: Promise<Item<Input>>[] = [];
  let ended = false;
  let failure: { readonly reason: unknown } | undefined;
  const start = async (input: Input): Promise<Item<Input>> => {
    try {
      return { input, tensor: await read(input) };
    } catch (error) {
      if (error instanceof RanetError) return { input, error };
      throw error;
    }
  };
  const fill = async (count: number): Promise<void> => {
    while (!ended && waiting.length < Math.min(most, 4 * count)) {
      const next = await iterator.next().catch((reason) => {
        failure = { reason };
        return { done: true, value: undefined } as const;
      });
      if (next.done) ended = true;
      else {
        const item = start(next.value);
        item.catch(() => {}); // thrown where it is taken
        waiting.push(item);
      }
    }
  };
  return {
    async take(count) {
      await fill(count); // few at first, because the first result waits for them
      if (waiting.length === 0 && failure) throw failure.reason;
      const items = await Promise.all(waiting.splice(0, count));
      await fill(count);
      return items;
    },
    async close() {
      await iterator.return(undefined);
      await Promise.allSettled(waiting);
    },
  };
}

async function* iterate<T>(values: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, undefined> {
  yield* values;
}
