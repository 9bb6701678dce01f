/**
 * Resolution-adaptive image classification: RANet (Yang et al., CVPR 2020, arXiv 2003.07326) on WebGPU, declared in
 * YAML. Easy images leave the network at an early, low-resolution exit; hard images continue.
 *
 * ```ts
 * import { loadClassifier } from "@ranet/ranet";
 *
 * // An architecture with trained weights: 10 classes of photos, 6 exits; on the WebGPU adapter if there is one.
 * using classifier = await loadClassifier("ranet-cifar10");
 *
 * // A path, a URL, a Blob, bytes or pixels, or a list of them. It leaves at the first exit with a confidence of 90 %.
 * const { label, confidence, exit, flops } = await classifier.classify("examples/ship.jpg", { threshold: 0.9 });
 * console.log(`${label} (${confidence}) at exit ${exit}, ${flops} multiply-adds`);
 * ```
 *
 * The parts of a classifier are also available: {@linkcode loadModel}, {@linkcode decodeImage}, {@linkcode toTensor},
 * and the {@linkcode AdaptiveExecutor}, which can also return every exit's prediction as soon as it is computed:
 *
 * ```ts
 * import { AdaptiveExecutor, decodeImage, loadModel, toTensor } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * using executor = await AdaptiveExecutor.create(model);
 * const bytes = await Deno.readFile("examples/ship.jpg");
 * const image = toTensor(await decodeImage(bytes, { source: "ship.jpg" }), model.spec.input);
 * for await (const { exit, label } of executor.anytime(image, { deadline: 100 })) console.log(exit, label);
 * ```
 *
 * A batch may share a budget, in multiply-adds per image on average: {@linkcode calibrate} finds the thresholds for it,
 * {@linkcode readCalibrations} reads those of a bundled model. Architectures are in `@ranet/ranet/spec`, weights files
 * in `@ranet/ranet/weights`, training in `@ranet/ranet/train`, the command line in `@ranet/ranet/cli`.
 *
 * Images are `N × channels × height × width` numbers in one `Float32Array`: planes of channels, row by row. Exits
 * and sub-networks are counted from 1, classes and samples from 0. Invalid input throws a
 * {@linkcode RanetError}, whose message says what to do. WebGPU needs no permission. Loading the bundled model needs
 * `--allow-net=jsr.io` (it is fetched once), or `--allow-read` if the library itself is a local file.
 *
 * @module
 */

export {
  type ClassifyImagesOptions,
  type ImageClassification,
  ImageClassifier,
  loadClassifier,
  type LoadClassifierOptions,
  type UnreadImage,
} from "./lib/classifier/classifier.ts";
export type { ImageSource } from "./lib/classifier/image_source.ts";
export type { Drawable, PictureElement, PictureFrame } from "./lib/data/platform_decode.ts";
export { decodeImage, type DecodeImageOptions } from "./lib/data/decode.ts";
export type { RgbImage } from "./lib/data/image.ts";
export { toTensor } from "./lib/data/preprocess.ts";
export type { DeviceChoice } from "./lib/device/fallback.ts";
export type { ModelPrecision, Precision } from "./lib/device/precision.ts";
export type { DeviceInfo } from "./lib/device/runner.ts";
export { RanetError, type RanetErrorCode, type RanetErrorOptions, type Remedy } from "./lib/errors.ts";
export { calibrate, type Calibration } from "./lib/calibration/calibration.ts";
export type { Guarantee, RiskTarget } from "./lib/calibration/guarantee.ts";
export type { Validation } from "./lib/calibration/measure.ts";
export type { CalibrationTarget, Thresholds } from "./lib/calibration/search.ts";
export { fitTemperatures } from "./lib/calibration/temperature.ts";
export { calibrationWithin, formatCalibrations, readCalibrations } from "./lib/calibration/calibration_file.ts";
export type { Classification } from "./lib/executor/classification.ts";
export { AdaptiveExecutor } from "./lib/executor/executor.ts";
export type { AnytimeOptions, ClassifyOptions, ExecutorOptions } from "./lib/executor/options.ts";
export { createModel, loadModel, type LoadModelOptions, type Model, withTemperatures } from "./lib/model/model.ts";
export { BUNDLED_MODELS, BUNDLED_SPECS, DEFAULT_MODEL, readSpec } from "./lib/model/read_spec.ts";
export { type BatchSummary, type ExitSummary, summarize } from "./lib/executor/summary.ts";
export type { Activation } from "./lib/network/activation.ts";
export type { ArchitectureSpec, Validated } from "./lib/network/architecture.ts";
export type { Family, FamilySpecs, UncheckedSpec } from "./lib/network/families.ts";
export type { Network } from "./lib/network/network.ts";
export { quantize, type QuantizeOptions } from "./lib/quantization/quantize.ts";
export type { RangeMethod } from "./lib/quantization/steps.ts";
export type { Tensor } from "./lib/weights/tensor.ts";
