/**
 * Checks and copies the images for an executor.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { inputLength, inputShape } from "../network/common.ts";
import { kindOf } from "../text/kind.ts";

/** Images that the executor owns. */
export interface Images {
  /** Normalised, `count × channels × height × width`. */
  readonly data: Float32Array;
  /** Number of images. */
  readonly count: number;
  /** Numbers per image. */
  readonly length: number;
}

/**
 * Copies images, so that later changes by the caller have no effect.
 *
 * @throws {RanetError} If they are not numbers, their length is wrong, or a number is not finite.
 */
export function keepImages(images: Float32Array, { name, spec: { input } }: Model): Images {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot run ${name}: ${reason}`);
  };
  if (!(images instanceof Float32Array)) {
    return refuse(`expected a Float32Array of normalised images, as returned by toTensor, found ${kindOf(images)}`);
  }
  const length = inputLength(input);
  if (images.length === 0 || images.length % length !== 0) {
    refuse(
      `expected images of ${inputShape(input).join(" × ")} = ${length} numbers each, found ${images.length} numbers`,
    );
  }
  const data = images.slice();
  const bad = firstNotFinite(data);
  if (bad !== undefined) refuse(`number ${bad % length} of image ${Math.floor(bad / length)} is ${data[bad]}`);
  return { data, count: data.length / length, length };
}

/**
 * Copies an image.
 *
 * @throws {RanetError} Like {@linkcode keepImages}, and if there are several images.
 */
export function keepImage(image: Float32Array, model: Model): Float32Array {
  const { data, count } = keepImages(image, model);
  if (count === 1) return data;
  throw new RanetError(`Anytime mode takes one image, found ${count}`);
}

/**
 * Index of the first infinity or NaN. This is a plain loop, because calling a function for each value takes several
 * times as long.
 */
export function firstNotFinite(values: Float32Array): number | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
}
