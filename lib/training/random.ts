/**
 * Random numbers that depend only on keys such as seed, epoch and image, and not on what was drawn before. A resumed
 * run therefore draws the same numbers.
 *
 * @module
 */

/** The purpose of numbers; streams of different purposes are independent. */
export const PURPOSE = { weights: 1, split: 2, order: 3, augment: 4, dropout: 5, mix: 6 } as const;

/** Number of rounds after which the generator's state is well mixed. */
const WARM_UP = 12;

/**
 * Opens a stream of numbers, by Chris Doty-Humphrey's sfc32.
 *
 * @param keys Whole numbers.
 * @returns A function that returns the next number, uniformly distributed in [0, 1).
 */
export function randomStream(...keys: number[]): () => number {
  let hash = keys.reduce((hash, key) => mix(hash ^ Math.imul(key + 1, 0x9e3779b9)), 0x243f6a88);
  let [a, b, c, counter] = [hash, hash = mix(hash), mix(hash), 1];
  const next = (): number => {
    const sum = (a + b | 0) + counter | 0;
    counter = counter + 1 | 0;
    a = b ^ b >>> 9;
    b = c + (c << 3) | 0;
    c = (c << 21 | c >>> 11) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < WARM_UP; i++) next();
  return next;
}

/** Murmur3's finaliser: every bit of the result depends on every bit of the input. */
function mix(bits: number): number {
  bits = Math.imul(bits ^ bits >>> 16, 0x85ebca6b);
  bits = Math.imul(bits ^ bits >>> 13, 0xc2b2ae35);
  return (bits ^ bits >>> 16) + 0x6d2b79f5 | 0;
}

/** A whole number from 0 up to `count`, exclusive. */
export function below(count: number, random: () => number): number {
  return Math.floor(count * random());
}

/** Shuffles a list in place (Fisher and Yates). */
export function shuffle(list: Uint32Array, random: () => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = below(i + 1, random);
    [list[i], list[j]] = [list[j], list[i]];
  }
}

/** A normally distributed number of deviation 1 (Box and Muller). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
