/**
 * Quantizes a trained model to 8 bits, using some representative images.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { inputLength, inputShape } from "../network/common.ts";
import { expectObject } from "../text/expect.ts";
import { foldWeights } from "../weights/fold.ts";
import { isQuantized, parseQuantized, quantizedParameters } from "../weights/quantized.ts";
import { collectActivations } from "./activations.ts";
import { quantizeWeights } from "./quantize_weights.ts";
import { RANGE_METHODS, type RangeMethod } from "./steps.ts";

/** Options of {@linkcode quantize}. */
export interface QuantizeOptions {
  /**
   * How the range of each channel is chosen: `mse` minimises the mean squared error of the images' activations; `max`
   * clips none of them. Default: `mse`.
   */
  readonly range?: RangeMethod;
  /** Maximum number of threads. Default: one per core. */
  readonly threads?: number;
}

/**
 * Checks without images that a model can be quantized.
 *
 * @throws {RanetError} If it is already in 8 bits, or one of its layers cannot be quantized.
 */
export function checkQuantizable({ name, network, tensors }: Pick<Model, "name" | "network" | "tensors">): void {
  if (isQuantized(tensors)) {
    throw new RanetError(`Cannot quantize ${name}: it is already in 8 bits. Use the model from which it was made`);
  }
  quantizedParameters(network);
}

/** Number of input values that are processed at a time. */
const PART = 2 ** 22;

/**
 * Quantizes a model to 8-bit integers: it takes a third to half of the time on the CPU, and half the size of float16.
 * It does not measure the loss of accuracy, which needs labelled images; `ranet quantize` does both.
 *
 * @param model A model in floating point.
 * @param images Normalised images, `N × channels × height × width` (see `toTensor`), representative of those that it
 * will classify; a few hundred. They need no labels. Do not use the images on which you measure accuracy later.
 * @param options How to choose ranges, and the number of threads.
 * @returns The quantized model, with the same temperatures. Thresholds of the original model are not valid for it:
 * calibrate again.
 * @throws {RanetError} If there are no images or one is not finite, the model is already quantized, or one of its
 * layers cannot be quantized.
 *
 * @example
 * ```ts
 * import { decodeImage, loadModel, quantize, toTensor } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10-micro");
 * const bytes = await Deno.readFile("examples/ship.jpg");
 * const images = toTensor(await decodeImage(bytes, { source: "ship.jpg" }), model.spec.input); // take more than one
 * const small = await quantize(model, images);
 * console.log(small.tensors.get("image.scale")?.data.length); // 1
 * ```
 */
export async function quantize(model: Model, images: Float32Array, options: QuantizeOptions = {}): Promise<Model> {
  expectObject("quantize", { model }, "network", "tensors");
  expectObject("quantize", { images }, "subarray");
  expectObject("quantize", { options });
  const { network, spec, tensors, name } = model;
  const { range = "mse", threads } = options;
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot quantize ${name}: ${reason}`);
  };
  if (!RANGE_METHODS.includes(range)) {
    refuse(`range is ${JSON.stringify(range)}, expected ${RANGE_METHODS.join(" or ")}`);
  }
  checkQuantizable(model);
  const length = inputLength(spec.input);
  if (images.length === 0 || images.length % length !== 0) {
    refuse(
      `expected images of ${
        inputShape(spec.input).join(" × ")
      } numbers each, at least one image, found ${images.length} numbers`,
    );
  }
  let largest = 0;
  for (let i = 0; i < images.length; i++) {
    if (!Number.isFinite(images[i])) refuse(`image ${Math.floor(i / length)} contains ${images[i]}`);
    largest = Math.max(largest, Math.abs(images[i]));
  }
  const weights = foldWeights(network, tensors);
  const part = Math.max(1, Math.floor(PART / length)) * length;
  const parts = Array.from(
    { length: Math.ceil(images.length / part) },
    (_, i) => images.subarray(i * part, (i + 1) * part),
  );
  const values = await collectActivations(network, weights, parts, { threads });
  for (const [layer, channels] of values) {
    if (!channels.every(({ most }) => Number.isFinite(most))) refuse(`the output of ${layer} overflows float32`);
  }
  const quantized = quantizeWeights(network, weights, values, { method: range, largest });
  parseQuantized(network, quantized, { source: "of this quantization" });
  return { ...model, tensors: quantized };
}
