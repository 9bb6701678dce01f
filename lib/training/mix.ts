/**
 * Images made of two of a batch, and their targets: mixup (Zhang et al., "mixup: Beyond Empirical Risk Minimization",
 * ICLR 2018) and CutMix (Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
 * Features", ICCV 2019). Each image has a partner and a share of its own.
 *
 * @module
 */

import type { Size } from "../network/size.ts";
import type { SecondLabels } from "../device/trainer.ts";
import { below } from "./random.ts";
import type { Mixing } from "./recipe.ts";

/** Images of a batch, whose numbers are changed in place. */
export interface MixedBatch {
  /** Normalised images, `N × channels × height × width`. */
  readonly images: Float32Array;
  /** Their classes. */
  readonly labels: Uint32Array;
}

/**
 * Mixes a batch's images with each other, in place. A single image stays as it is.
 *
 * @param batch The images; each is mixed with another as it was given.
 * @param mixing How, and how many of them.
 * @param sides Height and width of an image.
 * @param random Generates numbers in [0, 1).
 * @returns What the images show beside their labels.
 */
export function mixBatch(
  { images, labels }: MixedBatch,
  { kind, share, alpha }: Mixing,
  sides: Size,
  random: () => number,
): SecondLabels {
  const count = labels.length;
  const second = { labels: labels.slice(), shares: new Float32Array(count) };
  if (count < 2) return second;
  const length = images.length / count;
  const given = images.slice();
  for (let i = 0; i < count; i++) {
    if (random() >= share) continue;
    const partner = (i + 1 + below(count - 1, random)) % count;
    const own = images.subarray(i * length, (i + 1) * length);
    const other = given.subarray(partner * length, (partner + 1) * length);
    second.labels[i] = labels[partner]!;
    const most = betaNumber(alpha, random);
    second.shares[i] = kind === "mixup" ? fade(own, other, most) : paste(own, other, 1 - most, sides, random);
  }
  return second;
}

/** Adds so much of another image, and takes as much away; at most half, since which of two is the other is chance. */
function fade(own: Float32Array, other: Float32Array, most: number): number {
  const share = Math.fround(Math.min(most, 1 - most));
  for (let i = 0; i < own.length; i++) own[i] += share * (other[i]! - own[i]!);
  return share;
}

/** Puts a box of about that share of another image's area in the same place; gives the share that it has. */
function paste(
  own: Float32Array,
  other: Float32Array,
  area: number,
  { width, height }: Size,
  random: () => number,
): number {
  const side = Math.sqrt(area);
  const across = span(width, Math.trunc(width * side), random);
  const down = span(height, Math.trunc(height * side), random);
  for (let plane = 0; plane < own.length; plane += width * height) {
    for (let y = down.from; y < down.to; y++) {
      const row = plane + y * width;
      own.set(other.subarray(row + across.from, row + across.to), row + across.from);
    }
  }
  return (across.to - across.from) * (down.to - down.from) / (width * height);
}

/** So many pixels around one drawn at random, as far as they are inside. */
function span(side: number, length: number, random: () => number): { readonly from: number; readonly to: number } {
  const middle = below(side, random);
  const from = middle - (length >> 1);
  return { from: Math.max(0, from), to: Math.min(side, from + length) };
}

/** A number from the distribution Beta(alpha, alpha), by Jöhnk's method. */
export function betaNumber(alpha: number, random: () => number): number {
  for (;;) {
    const [a, b] = [(1 - random()) ** (1 / alpha), (1 - random()) ** (1 / alpha)];
    if (a + b <= 1) return a / (a + b);
  }
}
