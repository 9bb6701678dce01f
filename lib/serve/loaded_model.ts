/**
 * A model as a server has it.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import type { ClassifyOptions } from "../executor/options.ts";

/** A model as it is loaded. */
export interface LoadedModel {
  /** What runs it; disposed of when it is unloaded. */
  readonly executor: AdaptiveExecutor;
  /** When an image leaves, unless its request says so. */
  readonly when: ClassifyOptions;
  /** Multiply-adds per image that `when` keeps to, if it comes from a budget. */
  readonly budget?: number;
  /** For what budgets requests may ask. */
  readonly calibrations: readonly Calibration[];
  /** Most images computed together: the executor's batch size. */
  readonly batchSize: number;
}

/** Every model has one version. */
export const MODEL_VERSION = "1";
