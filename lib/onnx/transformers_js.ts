/**
 * Creates the files of an image classifier for transformers.js.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { sizeOf } from "../network/size.ts";
import { isQuantized } from "../weights/quantized.ts";
import { type Exported, exportOnnx, preparationOf } from "./export.ts";

/** Names of the input and output in transformers.js. */
const NAMES = { input: "pixel_values", output: "logits" };
/** Pillow's constant for bilinear resampling. */
const BILINEAR = 2;

/**
 * Creates the files by their paths within the folder: the network up to one exit, the labels of its classes, and the
 * preprocessing. transformers.js has no RANet, so `model_type` is another architecture with one input and one output.
 * It can resize an image to cover a square, but not a rectangle; for a rectangle, images are stretched.
 *
 * @param exported The model.
 * @param options `exit`: the exit to export, counted from 1. Default: the last.
 * @throws {RanetError} If there is no such exit, or the network does not take three channels.
 */
export function transformersJsFiles(
  exported: Exported,
  options: { readonly exit?: number } = {},
): Map<string, Uint8Array> {
  const { exit = exported.network.exits.length } = options;
  const { size, resize, mean, std, classes, channels } = preparationOf(exported);
  if (channels !== "RGB") {
    throw new RanetError(
      `Cannot export ${exported.network.spec.name} for transformers.js: it takes ${mean.length} channels, expected 3`,
    );
  }
  const config = {
    model_type: "resnet",
    architectures: ["ResNetForImageClassification"],
    id2label: Object.fromEntries(classes.map((label, index) => [index, label])),
    label2id: Object.fromEntries(classes.map((label, index) => [label, index])),
    num_labels: classes.length,
  };
  const preprocessor = {
    image_processor_type: "ViTImageProcessor",
    do_resize: true,
    size: typeof resize === "number" ? { shortest_edge: resize } : sizeOf(resize),
    resample: BILINEAR,
    do_center_crop: true,
    crop_size: sizeOf(size),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
  const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return new Map([
    [
      // File names by which transformers.js finds the data types q8 and fp32.
      isQuantized(exported.tensors) ? "onnx/model_quantized.onnx" : "onnx/model.onnx",
      exportOnnx(exported, { exit, names: NAMES }),
    ],
    ["config.json", json(config)],
    ["preprocessor_config.json", json(preprocessor)],
  ]);
}
