/**
 * A model in eight bits, from a trained model and some images like those that it is to classify.
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

/** How a model is quantized. */
export interface QuantizeOptions {
  /**
   * How the range of each channel is chosen: `mse` makes the mean squared error of the images' numbers least; `max` clips none
   * of them. Default: `mse`.
   */
  readonly range?: RangeMethod;
  /** Most threads. Default: one per core. */
  readonly threads?: number;
}

/**
 * Checks that a model can be quantized, without any images.
 *
 * @throws {RanetError} If it is in eight bits already, or a layer of it cannot be computed so.
 */
export function checkQuantizable({ name, network, tensors }: Pick<Model, "name" | "network" | "tensors">): void {
  if (isQuantized(tensors)) {
    throw new RanetError(`Cannot quantize ${name}: it is in eight bits already. Give the model that it was made from`);
  }
  quantizedParameters(network);
}

/** Numbers of images that are passed at a time. */
const PART = 2 ** 22;

/**
 * Makes a model compute in whole numbers of eight bits: a third to half of the time on the CPU, half the size of float16. What is lost
 * in accuracy is for the caller to measure, on images with labels; `ranet quantize` does both.
 *
 * @param model A model in floats.
 * @param images Normalised images, `N × channels × height × width` (see `toTensor`), of the kind that it is to classify; some hundred.
 * They need no labels, and should not be those that accuracy is measured on later.
 * @param options How.
 * @returns The model, with the same temperatures. Thresholds of the model before are not valid for it: calibrate again.
 * @throws {RanetError} If there are no images or one is not finite, the model is in eight bits already, or a layer of it cannot
 * be computed so.
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
      } numbers each, one at least, found ${images.length} numbers`,
    );
  }
  let largest = 0;
  for (let i = 0; i < images.length; i++) {
    if (!Number.isFinite(images[i])) refuse(`image ${Math.floor(i / length)} holds ${images[i]}`);
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
    if (!channels.every(({ most }) => Number.isFinite(most))) refuse(`what ${layer} computes overflows float32`);
  }
  const quantized = quantizeWeights(network, weights, values, { method: range, largest });
  parseQuantized(network, quantized, { source: "made of it" });
  return { ...model, tensors: quantized };
}
