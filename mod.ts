/**
 * Resolution-adaptive image classification: RANet (Yang et al., CVPR 2020, arXiv 2003.07326) on WebGPU, declared in
 * YAML. Easy images leave the network at an early, low-resolution exit; hard ones go on.
 *
 * ```ts
 * import { AdaptiveExecutor, decodeImage, loadModel, toTensor } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * using executor = await AdaptiveExecutor.create(model);
 *
 * const bytes = await Deno.readFile("examples/ship.jpg");
 * const image = await decodeImage(bytes, { source: "ship.jpg" });
 * const [result] = await executor.classify(toTensor(image, model.spec.input), { threshold: 0.9 });
 * console.log(`${result.label} at exit ${result.exit}, ${result.flops} multiply-adds`);
 * ```
 *
 * @module
 */

export { decodeImage } from "./lib/data/decode.ts";
export type { RgbImage } from "./lib/data/image.ts";
export { readNpy } from "./lib/data/npy.ts";
export { toTensor } from "./lib/data/preprocess.ts";
export { type AdapterDescription, describeAdapters, type DeviceChoice } from "./lib/device/open.ts";
export type { DeviceInfo } from "./lib/device/runner.ts";
export { RanetError } from "./lib/errors.ts";
export {
  calibrate,
  type Calibration,
  type CalibrationTarget,
  checkBudget,
  type Validation,
} from "./lib/executor/calibration.ts";
export {
  calibrationWithin,
  formatCalibrations,
  parseCalibrations,
  readCalibrations,
} from "./lib/executor/calibration_file.ts";
export {
  AdaptiveExecutor,
  type AnytimeOptions,
  type Classification,
  type ClassifyOptions,
  DEFAULT_CAPACITY,
  DEFAULT_THRESHOLD,
  type ExecutorOptions,
} from "./lib/executor/executor.ts";
export {
  BUNDLED_SPECS,
  createModel,
  DEFAULT_MODEL,
  loadModel,
  type LoadModelOptions,
  type Model,
  readSpec,
} from "./lib/executor/model.ts";
export { type BatchSummary, type ExitSummary, summarize } from "./lib/executor/summary.ts";
export { buildNetwork } from "./lib/network/build.ts";
export type {
  Classifier,
  Convolution,
  Exit,
  Feature,
  Layer,
  MaxPool,
  Network,
  Resize,
  View,
} from "./lib/network/network.ts";
export type {
  ArchitectureSpec,
  BaseFeatureSpec,
  Fusion,
  InputSpec,
  Stem,
  SubnetworkSpec,
} from "./lib/spec/architecture.ts";
export { type OfficialSpecOptions, specFromOfficialFlags } from "./lib/spec/official.ts";
export { parseSpec, type ParseSpecOptions } from "./lib/spec/parse.ts";
export { readCheckpoint, type ReadCheckpointOptions } from "./lib/weights/checkpoint.ts";
export type { FoldedLayer, FoldedWeights } from "./lib/weights/fold.ts";
export {
  readSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./lib/weights/safetensors.ts";
export type { Tensor } from "./lib/weights/tensor.ts";
