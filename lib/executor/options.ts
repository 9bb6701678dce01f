/**
 * What an executor is asked for.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import { type DeviceChoice, DEVICES } from "../device/fallback.ts";
import { type Precision, PRECISIONS } from "../device/precision.ts";
import { RanetError } from "../errors.ts";
import { kindOf } from "../text/kind.ts";

/** How an executor is made. */
export interface ExecutorOptions {
  /**
   * What to run on. Default `auto`: for each batch the sooner done of CPU and WebGPU adapter, by what is measured once, if
   * there is an adapter that is not itself a CPU driver, else the CPU; and the CPU where the adapter fails, or does not compute what it should.
   */
  readonly device?: DeviceChoice;
  /** Most images computed together; larger batches are run in parts. Default 64. */
  readonly batchSize?: number;
  /** How weights are stored on the device. Default `float32`. */
  readonly precision?: Precision;
  /** Most threads that the CPU runner uses, up to 256. Default one per core. Results do not depend on it. */
  readonly threads?: number;
  /**
   * Whether a GPU is driven from a worker, so that timers and requests go on meanwhile: under Deno, where the package's
   * modules may be read. Default true; browsers need none.
   */
  readonly gpuWorker?: boolean;
  /**
   * Whether `auto` computes all batches on one device, the one that is sooner done with `batchSize` images. Default false:
   * where there is a GPU, small batches may be sooner done on the CPU, which rounds otherwise.
   */
  readonly together?: boolean;
  /** Told, once, why `auto` runs on the CPU where an adapter should. Default: a warning on the console. */
  readonly onFallback?: (message: string) => void;
}

/** When a sample leaves: at a threshold of one's own, or at those of a calibration. */
export interface ClassifyOptions {
  /**
   * Confidence in [0, 1] at which a sample leaves: one for all exits, or one per exit. The last exit takes every sample
   * that is left. Default 0.9.
   */
  readonly threshold?: number | readonly number[];
  /** A calibration of this model (see `calibrate`), whose thresholds are taken instead. */
  readonly calibration?: Calibration;
}

/** Where an anytime prediction stops; without any of these, at the last exit. */
export interface AnytimeOptions {
  /** Most multiply-adds to spend on the image. */
  readonly budget?: number;
  /** Milliseconds after which no exit but the first is begun. */
  readonly deadline?: number;
  /** Once aborted, no further exit is begun. */
  readonly signal?: AbortSignal;
}

/** Most images computed together where nothing else is said. */
export const DEFAULT_BATCH_SIZE = 64;

/** Confidence at which a sample leaves where nothing else is said. */
export const DEFAULT_THRESHOLD = 0.9;

/** Most threads of the CPU runner: each takes memory. */
const MAX_THREADS = 256;

/** How an executor is made, defaults filled in. */
export type ResolvedOptions = Required<Omit<ExecutorOptions, "threads">> & Pick<ExecutorOptions, "threads">;

/**
 * Fills in defaults.
 *
 * @throws {RanetError} If an option is out of range.
 */
export function resolveOptions(options: ExecutorOptions): ResolvedOptions {
  const { device = "auto", batchSize = DEFAULT_BATCH_SIZE, precision = "float32" } = options;
  const { threads, onFallback = console.warn, gpuWorker = true, together = false } = options;
  checkChoice("device", device, DEVICES);
  checkChoice("precision", precision, PRECISIONS);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RanetError(`Cannot make an executor: batchSize is ${batchSize}, expected a whole number of at least 1`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new RanetError(
      `Cannot make an executor: threads is ${threads}, expected a whole number from 1 to ${MAX_THREADS}`,
    );
  }
  return { device, batchSize, precision, threads, onFallback, gpuWorker, together };
}

/** Makes sure of what a caller's types may not have: another word would be taken for the default. */
function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const expected = choices.map((choice) => JSON.stringify(choice)).join(", ");
  throw new RanetError(`Cannot make an executor: ${name} is ${kindOf(value)}, expected one of ${expected}`);
}

/** Makes sure that options are no bare value, whose meaning would be lost. */
export function checkOptions(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw new RanetError(`Cannot classify: the options are ${kindOf(options)}, expected such as { threshold: 0.9 }`);
}
