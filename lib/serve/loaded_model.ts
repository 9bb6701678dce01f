/**
 * A model loaded by a server.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import type { ClassifyOptions } from "../executor/options.ts";

/** A loaded model. */
export interface LoadedModel {
  /** Runs the model; disposed of when the model is unloaded. */
  readonly executor: AdaptiveExecutor;
  /** Default exit rule of requests. */
  readonly when: ClassifyOptions;
  /** Budget in multiply-adds per image from which `when` was made, if any. */
  readonly budget?: number;
  /** The calibration for budgets of requests. */
  readonly calibrations: readonly Calibration[];
  /** Maximum batch size: the executor's. */
  readonly batchSize: number;
}

/** The version of every model. */
export const MODEL_VERSION = "1";
