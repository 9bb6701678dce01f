/**
 * Options of an executor.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import { type DeviceChoice, DEVICES } from "../device/fallback.ts";
import { MODEL_PRECISIONS, type ModelPrecision } from "../device/precision.ts";
import { RanetError } from "../errors.ts";
import { kindOf } from "../text/kind.ts";

/** Options of {@linkcode AdaptiveExecutor.create}. */
export interface ExecutorOptions {
  /**
   * The device to run on. Default `auto`: if there is a hardware GPU, each batch runs on the GPU or the CPU, whichever
   * is faster according to one measurement; otherwise the CPU. The CPU also runs if the GPU fails or computes wrong
   * results.
   */
  readonly device?: DeviceChoice;
  /** Most images computed together; larger batches are run in parts. Default 64. */
  readonly batchSize?: number;
  /**
   * Precision of weights on the device. Default: `int8` for a quantized model, which supports only this; otherwise
   * `float32`.
   */
  readonly precision?: ModelPrecision;
  /** Most threads of the CPU runner, up to 256. Default: one per core. Results do not depend on it. */
  readonly threads?: number;
  /**
   * Whether a worker drives the GPU under Deno, so that timers and requests are not blocked. It needs permission to
   * read the package's modules. Default: true. Browsers do not need it.
   */
  readonly gpuWorker?: boolean;
  /**
   * Whether `auto` computes all batches on one device, the one that is faster for `batchSize` images. Default: false.
   * With a GPU, small batches may then run on the CPU, which rounds differently.
   */
  readonly together?: boolean;
  /** Called once with the reason why `auto` uses the CPU instead of an adapter. Default: a warning on the console. */
  readonly onFallback?: (message: string) => void;
}

/** Decides when a sample leaves: thresholds, or a calibration. */
export interface ClassifyOptions {
  /**
   * Confidence in [0, 1] at which a sample leaves: one for all exits, or one per exit. All remaining samples leave at
   * the last exit. Default: 0.9.
   */
  readonly threshold?: number | readonly number[];
  /** A calibration of this model (see `calibrate`), whose thresholds are used instead. */
  readonly calibration?: Calibration;
}

/** Where an anytime prediction stops. Default: at the last exit. */
export interface AnytimeOptions {
  /** Most multiply-adds to spend on the image. */
  readonly budget?: number;
  /** Milliseconds after which no exit except the first is started. */
  readonly deadline?: number;
  /** When aborted, no further exit is started. */
  readonly signal?: AbortSignal;
}

/** Default for the number of images computed together. */
export const DEFAULT_BATCH_SIZE = 64;

/** Default confidence at which a sample leaves. */
export const DEFAULT_THRESHOLD = 0.9;

/** Most threads of the CPU runner; each needs memory. */
const MAX_THREADS = 256;

/** Options with defaults filled in. */
export type ResolvedOptions =
  & Required<Omit<ExecutorOptions, "threads" | "precision">>
  & Pick<ExecutorOptions, "threads" | "precision">;

/**
 * Fills in defaults.
 *
 * @throws {RanetError} If an option is out of range.
 */
export function resolveOptions(options: ExecutorOptions): ResolvedOptions {
  const { device = "auto", batchSize = DEFAULT_BATCH_SIZE, precision } = options;
  const { threads, onFallback = console.warn, gpuWorker = true, together = false } = options;
  checkChoice("device", device, DEVICES);
  if (precision !== undefined) checkChoice("precision", precision, MODEL_PRECISIONS);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RanetError(`Cannot create an executor: batchSize is ${batchSize}, expected a whole number of at least 1`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new RanetError(
      `Cannot create an executor: threads is ${threads}, expected a whole number from 1 to ${MAX_THREADS}`,
    );
  }
  return { device, batchSize, precision, threads, onFallback, gpuWorker, together };
}

/** Checks a value at run time, since callers may not use TypeScript: an unknown word would mean the default. */
function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const expected = choices.map((choice) => JSON.stringify(choice)).join(", ");
  throw new RanetError(`Cannot create an executor: ${name} is ${kindOf(value)}, expected one of ${expected}`);
}

/** Checks that options are an object: other values would be ignored. */
export function checkOptions(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw new RanetError(
    `Cannot classify: the options are ${kindOf(options)}, expected an object such as { threshold: 0.9 }`,
  );
}
