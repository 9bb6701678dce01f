/**
 * Mixes pairs of images in a batch and their targets: mixup (Zhang et al., "mixup: Beyond Empirical Risk Minimization",
 * ICLR 2018) and CutMix (Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
 * Features", ICCV 2019). Each image has its own partner and share.
 *
 * @module
 */

import type { Size } from "../network/size.ts";
import type { SecondLabels } from "../device/trainer.ts";
import { below } from "./random.ts";
import type { Mixing } from "./recipe.ts";

/** Images of a batch, which are changed in place. */
export interface MixedBatch {
  /** Normalised images, `N × channels × height × width`. */
  readonly images: Float32Array;
  /** Their classes. */
  readonly labels: Uint32Array;
}

/**
 * Mixes a batch's images with each other, in place. A batch of a single image is not changed.
 *
 * @param batch The images. Each is mixed with the unmixed version of another.
 * @param mixing The method and the share of images.
 * @param sides Height and width of an image.
 * @param random Generates numbers in [0, 1).
 * @returns Second labels of the images, and their shares.
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

/**
 * Blends a share of another image into an image. The share is at most half, because the choice of which image is the
 * first is random.
 */
function fade(own: Float32Array, other: Float32Array, most: number): number {
  const share = Math.fround(Math.min(most, 1 - most));
  for (let i = 0; i < own.length; i++) own[i] += share * (other[i]! - own[i]!);
  return share;
}

/** Copies a box with about this share of the area from another image, at the same position. Returns the exact share. */
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

/** A range of `length` pixels around a random pixel, clipped to the image. */
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
