/**
 * Turns logits into the classification of an image.
 *
 * @module
 */

import type { DeviceInfo } from "../device/runner.ts";
import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import { argmax, softmax } from "../softmax.ts";
import { firstNotFinite } from "./images.ts";

/** The result for one image. */
export interface Classification {
  /** The most probable class's label. */
  readonly label: string;
  /** Its index among the model's classes. */
  readonly index: number;
  /** Its probability, in [0, 1]. */
  readonly confidence: number;
  /** The exit taken, counted from 1. */
  readonly exit: number;
  /** The place of the exit: `sub-network 2, block 3`. */
  readonly exitLabel: string;
  /** Multiply-adds up to that exit, as the paper's authors count them. */
  readonly flops: number;
  /** Multiply-adds that were run: without layers that no exit has needed so far. */
  readonly runFlops: number;
  /** Probability of each class, summing to 1. */
  readonly probabilities: Float32Array;
}

/** An exit's output. */
export interface Answer {
  /** The exit, counted from 0. */
  readonly exit: number;
  /** A number for each class. */
  readonly logits: Float32Array;
  /** The image, if it is known. */
  readonly image?: Float32Array;
}

/**
 * The classification from an exit's output.
 *
 * @throws {RanetError} If a logit is not finite.
 */
export function classificationOf(
  { exit, logits, image }: Answer,
  { exits, spec }: Network,
  device: DeviceInfo,
): Classification {
  checkFinite(logits, device, image);
  const probabilities = softmax(logits);
  const { label, cumulativeFlops, cumulativeRunFlops } = exits[exit];
  const index = argmax(probabilities);
  return {
    label: spec.classes[index],
    index,
    confidence: probabilities[index],
    exit: exit + 1,
    exitLabel: label,
    flops: cumulativeFlops,
    runFlops: cumulativeRunFlops,
    probabilities,
  };
}

/** Numbers above this are neither pixels nor normalised pixels. */
const LARGEST_PIXEL = 1e4;

/**
 * Checks that logits are finite.
 *
 * @throws {RanetError} If one is not finite; the message says whether the images or the weights are the cause.
 */
export function checkFinite(logits: Float32Array, device: DeviceInfo, images: Float32Array = new Float32Array()): void {
  const bad = firstNotFinite(logits);
  if (bad === undefined) return;
  const largest = images.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const shown = Number(largest.toPrecision(3));
  throw new RanetError(
    `Cannot trust the result of ${device.name}: a logit is ${logits[bad]}. ` +
      (largest > LARGEST_PIXEL
        ? `An image's numbers overflow float32: the largest is ${shown}. Expected normalised pixels, as returned by toTensor.`
        : "The weights overflow float32."),
  );
}
