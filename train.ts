/**
 * Trains networks declared in YAML on WebGPU or the CPU: `@ranet/ranet/train`. The result is a model that
 * `@ranet/ranet` can run. Programs that only classify do not need this module.
 *
 * ```ts ignore
 * import { loadModel, readSpec } from "@ranet/ranet";
 * import { changeSpec } from "@ranet/ranet/spec";
 * import { changeRecipe, openDataset, readRecipe, splitDataset, train } from "@ranet/ranet/train";
 *
 * // A folder with one folder of photos per class.
 * const spec = changeSpec(await readSpec("ranet-cifar10-micro"), { name: "pets", classes: ["cat", "dog"] });
 * const photos = await openDataset("photos", { labels: spec.classes, inputSize: spec.input.size });
 * const { training, validation } = await splitDataset(photos, { seed: 0 });
 *
 * const recipe = changeRecipe(await readRecipe("short"), { epochs: 10 });
 * const { model, epochs } = await train(spec, training, recipe, {
 *   validation,
 *   onEpoch: ({ epoch, validation }) => console.log(epoch, validation?.top1),
 * });
 * ```
 *
 * @module
 */

export type { Dataset, DatasetOptions, Sample, SampleFile } from "./lib/data/dataset.ts";
export { blobDataset, type BlobDatasetOptions } from "./lib/data/blobs.ts";
export type { LabelReading } from "./lib/data/labels.ts";
export { openDataset } from "./lib/data/open_dataset.ts";
export { specTemplate as formatSpec, type TemplateOptions } from "./lib/spec/template.ts";
export type { DeviceInfo } from "./lib/device/runner.ts";
export type {
  AdamwOptions,
  Distillation,
  LossOptions,
  OptimizerOptions,
  SgdOptions,
  TrainingState,
} from "./lib/device/trainer.ts";
export { type Exported, exportOnnx, type ExportOnnxOptions } from "./lib/onnx/export.ts";
export type { OnnxGraphOptions } from "./lib/onnx/graph.ts";
export { calibrateBudgets } from "./lib/training/budgets.ts";
export type { Snapshot } from "./lib/training/loop.ts";
export { packModel, type PackModelOptions } from "./lib/training/pack_model.ts";
export {
  type Augmentation,
  BUNDLED_RECIPES,
  changeRecipe,
  formatRecipe,
  type Mixing,
  parseRecipe,
  readRecipe,
  type Recipe,
  type RecipeChanges,
  type RecipeLoss,
  type Schedule,
  type SizeStage,
} from "./lib/training/recipe.ts";
export type { EpochRecord, EpochSums, ExitMeans, Position, StepRecord } from "./lib/training/records.ts";
export { type Split, splitDataset, type SplitOptions } from "./lib/training/split.ts";
export { train, type Trained, type TrainOptions } from "./lib/training/train.ts";
