/**
 * A stream of inputs to a stream of results: images are read ahead while the device computes those before.
 *
 * @module
 */

import { concat } from "../io/bytes.ts";
import { RanetError } from "../errors.ts";
import type { Classification } from "../executor/classification.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import type { ClassifyOptions } from "../executor/options.ts";

/** What became of one input. */
export type Outcome<Input> =
  | { readonly input: Input; readonly result: Classification; readonly error?: undefined }
  | { readonly input: Input; readonly error: RanetError; readonly result?: undefined };

/** How a stream is classified. */
export interface ClassifyStreamOptions<Input> extends ClassifyOptions {
  /** Makes the tensor of an input; many are read at the same time. A {@linkcode RanetError} is that input's outcome. */
  readonly read: (input: Input) => Promise<Float32Array>;
  /** Most images computed together, and twice of which are read ahead. */
  readonly batch: number;
}

/**
 * Classifies any number of inputs, in bounded memory. The first batches are small: the first result does not wait for
 * many images. Whoever stops taking results closes the source of inputs. An error of the source itself comes after the
 * results of all inputs before it.
 *
 * @param executor What computes.
 * @param inputs Taken one by one, no sooner than there is room.
 * @param options How inputs are read, and when they leave.
 * @returns What became of each input, in their order.
 * @throws {RanetError} If the options are not of this model.
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
  /** The next ones, none at the end. Throws what the source threw, once all before it are taken. */
  take(count: number): Promise<Item<Input>[]>;
  /** Closes the source, and waits for what is being read. */
  close(): Promise<void>;
}

/** Reads up to `most` inputs before they are taken. */
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
      await fill(count); // few at first: what is read then is waited for
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
