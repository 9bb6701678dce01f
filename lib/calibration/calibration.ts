/**
 * Thresholds for a budget or an accuracy, found on a validation set.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { digestModel } from "../weights/digest.ts";
import { measure, type Measured, type Validation } from "./measure.ts";
import { checkSamples } from "./samples.ts";
import { type CalibrationTarget, searchMeasured, type Thresholds } from "./search.ts";
import { expectObject } from "../text/expect.ts";

/** Thresholds, and what they gave on the validation set. */
export interface Calibration extends Thresholds {
  /** Name of the model's architecture. */
  readonly model: string;
  /** Digest of the weights that it was made with: with others, the same thresholds mean something else. */
  readonly weights: string;
  /** What was wanted. */
  readonly target: CalibrationTarget;
  /** Number of samples in the validation set. */
  readonly samples: number;
  /** The validation set's name. */
  readonly dataset?: string;
}

/**
 * Finds thresholds: for a budget, those that spend most of it; for an accuracy, the cheapest that reach it; for a largest
 * drop, the cheapest that keep the promise on samples that had no say in them. Tried are those that let a share of the
 * samples proportional to q^k leave at exit k (Huang et al., ICLR 2018, section 3, whom the RANet paper follows), over q.
 *
 * @param model The model that the logits come from.
 * @param validation Logits and labels of a validation set.
 * @param target What is wanted.
 * @param options `dataset`: the validation set's name, to be kept with the result.
 * @returns The thresholds, for `AdaptiveExecutor.classify`, with what they gave on the validation set.
 * @throws {RanetError} If there are fewer than 20 samples, the budget is below the first exit's cost or above the last's,
 * the accuracy is out of reach, a promise cannot be kept, or the validation set does not fit the model.
 *
 * @example
 * ```ts
 * import { AdaptiveExecutor, calibrate, loadModel } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 20 });
 * const images = new Float32Array(20 * 3 * 32 * 32); // in earnest, thousands that the model was not trained on
 * const validation = { logits: await executor.forward(images), labels: Array(20).fill(8) };
 * const calibration = await calibrate(model, validation, { budget: 30e6 });
 * const results = await executor.classify(images, { calibration });
 * console.log(calibration.expectedCost, results[0].exit);
 * ```
 */
export async function calibrate(
  model: Pick<Model, "network" | "tensors">,
  validation: Validation,
  target: CalibrationTarget,
  options: { readonly dataset?: string } = {},
): Promise<Calibration> {
  expectObject("calibrate", { model }, "network", "tensors");
  expectObject("calibrate", { validation }, "logits", "labels");
  expectObject("calibrate", { target, options });
  return await calibrateMeasured(model, measure(model.network, validation), target, options);
}

/** Finds thresholds as {@linkcode calibrate} does, where confidences and answers are known already. */
export async function calibrateMeasured(
  model: Pick<Model, "network" | "tensors" | "temperatures">,
  measured: Measured,
  target: CalibrationTarget,
  options: { readonly dataset?: string } = {},
): Promise<Calibration> {
  checkSamples(measured.labels.length);
  const { network } = model;
  return {
    model: network.spec.name,
    weights: await digestModel(model),
    target,
    ...searchMeasured(network, measured, target),
    samples: measured.labels.length,
    ...options,
  };
}

/**
 * Makes sure that a calibration is of this model: of its architecture and of its very weights.
 *
 * @throws {RanetError} If it is of another.
 */
export async function checkCalibration(calibration: Calibration, of: Model): Promise<void> {
  const { model, weights, thresholds } = calibration;
  const { spec, exits } = of.network;
  if (!Array.isArray(thresholds) || typeof weights !== "string") {
    throw new RanetError(
      "Cannot use this calibration: it has no thresholds or no weights' digest; readCalibrations() reads one",
    );
  }
  if (model !== spec.name || thresholds.length !== exits.length) {
    throw new RanetError(
      `Cannot use this calibration: it was made for ${model} with ${thresholds.length} exits, ` +
        `the model is ${spec.name} with ${exits.length}`,
    );
  }
  const own = await digestModel(of);
  if (weights === own) return;
  throw new RanetError(
    `Cannot use this calibration of ${model}: it was made with other weights or other temperatures (digest ${
      weights.slice(0, 12)
    }…, the model's is ` +
      `${own.slice(0, 12)}…). Calibrate anew, or take back what was changed.`,
  );
}
