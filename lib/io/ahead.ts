/**
 * Starts work before its result is needed.
 *
 * @module
 */

/**
 * Applies a function to values and yields the results in order. While the consumer uses one, the next are computed. An
 * error is thrown when its turn comes.
 *
 * @param values The values. They are read only as they are needed.
 * @param ahead Maximum number of results that are computed in advance.
 * @param map The function.
 */
export async function* mapAhead<Value, Result>(
  values: Iterable<Value>,
  ahead: number,
  map: (value: Value) => Promise<Result>,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  for (const value of values) {
    const result = map(value);
    result.catch(() => {}); // it is awaited below, unless the consumer stops
    waiting.push(result);
    if (waiting.length > ahead) yield await waiting.shift()!;
  }
  for (const result of waiting) yield await result;
}
