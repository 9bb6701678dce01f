/**
 * Counts through the items of several parts, such as the records of files.
 *
 * @module
 */

/** Parts that are read as one. */
export interface Joined {
  /** Number of items. */
  readonly size: number;
  /** Number of the first item of each part. */
  readonly starts: readonly number[];
  /** The part that contains an item, and the item's number in it, both from 0. */
  locate(index: number): { readonly part: number; readonly at: number };
}

/**
 * Joins parts.
 *
 * @param counts Number of items of each part.
 */
export function joinParts(counts: readonly number[]): Joined {
  const starts: number[] = [];
  let size = 0;
  for (const count of counts) {
    starts.push(size);
    size += count;
  }
  return {
    size,
    starts,
    locate(index: number): { readonly part: number; readonly at: number } {
      let [low, high] = [0, starts.length - 1];
      while (low < high) { // the last part that starts at the item or before it
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= index) low = middle;
        else high = middle - 1;
      }
      return { part: low, at: index - starts[low]! };
    },
  };
}
