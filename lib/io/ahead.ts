/**
 * Work that is begun before its result is asked for.
 *
 * @module
 */

/**
 * Applies a function to values and gives results in their order. While one is used, the next are in the making; what
 * throws, throws in its turn.
 *
 * @param values What it is applied to; not asked for more than is begun.
 * @param ahead Most results in the making while one is used.
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
    result.catch(() => {}); // it is awaited below, unless nobody asks for it
    waiting.push(result);
    if (waiting.length > ahead) yield await waiting.shift()!;
  }
  for (const result of waiting) yield await result;
}
