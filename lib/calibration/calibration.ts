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

/** Thresholds, and their results on the validation set. */
export interface Calibration extends Thresholds {
  /** Name of the model's architecture. */
  readonly model: string;
  /** Digest of the weights for which it was made: with other weights, the thresholds are not valid. */
  readonly weights: string;
  /** The target. */
  readonly target: CalibrationTarget;
  /** Number of samples in the validation set. */
  readonly samples: number;
  /** The validation set's name. */
  readonly dataset?: string;
}

/**
 * Finds thresholds: for a budget, those that use most of it; for an accuracy, the cheapest that reach it; for a largest
 * drop, the cheapest that are guaranteed on other samples than those from which they were found. It varies q, where the
 * share of samples that leave at exit k is proportional to q^k (Huang et al., ICLR 2018, section 3, as in the RANet
 * paper).
 *
 * @param model The model that the logits come from.
 * @param validation Logits and labels of a validation set.
 * @param target The budget, accuracy or largest drop.
 * @param options `dataset`: the validation set's name, which is stored with the result.
 * @returns The thresholds, for `AdaptiveExecutor.classify`, with their results on the validation set.
 * @throws {RanetError} If there are fewer than 20 samples, the budget is below the first exit's cost or above the
 * last's, the accuracy cannot be reached, the drop cannot be guaranteed, or the validation set does not fit the model.
 *
 * @example
 * ```ts
 * import { AdaptiveExecutor, calibrate, loadModel } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 20 });
 * const images = new Float32Array(20 * 3 * 32 * 32); // use thousands of real images that the model was not trained on
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

/** Finds thresholds as {@linkcode calibrate} does, from known confidences and predictions. */
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
 * Checks that a calibration belongs to a model, to its architecture and its weights.
 *
 * @throws {RanetError} If it belongs to another model.
 */
export async function checkCalibration(calibration: Calibration, of: Model): Promise<void> {
  const { model, weights, thresholds } = calibration;
  const { spec, exits } = of.network;
  if (!Array.isArray(thresholds) || typeof weights !== "string") {
    throw new RanetError(
      "Cannot use this calibration: it has no thresholds or no digest of weights; use readCalibrations() to read one",
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
      `${own.slice(0, 12)}…). Calibrate again, or undo the change.`,
  );
}
