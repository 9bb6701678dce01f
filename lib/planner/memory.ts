/**
 * Places buffers of known lifetimes in one arena.
 *
 * @module
 */

/** A buffer and the steps it must outlive. */
export interface Lifetime {
  /** Length, in any unit. */
  readonly length: number;
  /** First step that writes it. */
  readonly first: number;
  /** Last step that uses it. */
  readonly last: number;
}

/** The places of buffers. */
export interface Placement {
  /** Offset of each buffer, in their order. */
  readonly offsets: readonly number[];
  /** Length of the arena. */
  readonly length: number;
  /** Length of the largest set of buffers live in one step. */
  readonly live: number;
}

/**
 * Places the largest buffers first, each in the lowest gap that is free for its lifetime (greedy by size; Pisarchyk and
 * Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
 */
export function placeBuffers(buffers: readonly Lifetime[]): Placement {
  const offsets = new Array<number>(buffers.length).fill(0);
  // Typed arrays of the placed buffers: there may be thousands, and each is compared with all earlier ones.
  const placed = new Int32Array(buffers.length);
  const firsts = new Float64Array(buffers.length);
  const lasts = new Float64Array(buffers.length);
  let count = 0;
  const order = buffers.map((_, i) => i).sort((a, b) => buffers[b].length - buffers[a].length);
  for (const i of order) {
    const { first, last, length } = buffers[i];
    const neighbours: number[] = [];
    for (let k = 0; k < count; k++) {
      if (firsts[k] <= last && first <= lasts[k]) neighbours.push(placed[k]);
    }
    neighbours.sort((a, b) => offsets[a] - offsets[b]);
    let offset = 0;
    for (const j of neighbours) {
      if (offset + length <= offsets[j]) break;
      offset = Math.max(offset, offsets[j] + buffers[j].length);
    }
    offsets[i] = offset;
    placed[count] = i;
    firsts[count] = first;
    lasts[count++] = last;
  }
  const length = buffers.reduce((end, buffer, i) => Math.max(end, offsets[i] + buffer.length), 0);
  return { offsets, length, live: largestLive(buffers) };
}

function largestLive(buffers: readonly Lifetime[]): number {
  /** Change of the live length from the previous step to each step. */
  const changes: number[] = [];
  for (const { first, last, length } of buffers) {
    if (first > last) continue;
    changes[first] = (changes[first] ?? 0) + length;
    changes[last + 1] = (changes[last + 1] ?? 0) - length;
  }
  let live = 0;
  let most = 0;
  for (const change of changes) {
    live += change ?? 0;
    most = Math.max(most, live);
  }
  return most;
}
