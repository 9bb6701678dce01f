/**
 * The output of `ranet calibrate`.
 *
 * @module
 */

import type { Calibration } from "../calibration/calibration.ts";
import { formatCalibrations } from "../calibration/calibration_file.ts";
import type { Guarantee } from "../calibration/guarantee.ts";
import { accuracyInterval } from "../calibration/samples.ts";
import type { CalibrationTarget } from "../calibration/search.ts";
import { large, percent } from "../text/numbers.ts";
import { printable, table } from "./text.ts";

/** What was written in addition to the calibration. */
export interface Done {
  /** The file of the calibration. */
  readonly file: string;
  /** Options of the command that uses it, besides the budget. */
  readonly use: string;
  /** Number of skipped images. */
  readonly skipped: number;
  /** The temperatures, if they were fitted. */
  readonly temperatures?: readonly number[];
}

/** Formats the result as JSON. */
export function toJson(calibration: Calibration | undefined, { file, skipped, temperatures }: Done): string {
  if (!calibration) return JSON.stringify({ skipped, temperatures });
  const { calibrations: [readable] } = JSON.parse(formatCalibrations([calibration]));
  const accuracyInterval95 = accuracyInterval(calibration.expectedAccuracy, calibration.samples);
  return JSON.stringify({ file, skipped, temperatures, ...readable, accuracyInterval95 });
}

/** Formats the result as text. */
export function toText(calibration: Calibration | undefined, done: Done): string {
  const temperatures = done.temperatures ? `temperatures per exit: ${done.temperatures.join(", ")}` : "";
  const text = calibration ? calibrationText(calibration, done) : "";
  return [temperatures, text].filter(Boolean).join("\n\n");
}

function calibrationText(calibration: Calibration, { file, use, skipped }: Done): string {
  const { model, thresholds, q, expectedAccuracy, expectedCost, samples, dataset, target, guarantee } = calibration;
  const rows = thresholds.map((threshold, exit) => [
    `${exit + 1}`,
    threshold === Infinity ? "never" : threshold === -Infinity ? "all" : threshold.toFixed(4),
  ]);
  return `${model} for ${wanted(target)}, on ${samples} samples of ${printable(dataset ?? "")}${
    skipped > 0 ? `, ${skipped} skipped` : ""
  }

${table([["exit", "right"], ["leaves at", "right"]], rows)}

expected: ${large(expectedCost)} multiply-adds per image, accuracy ${percent(expectedAccuracy)} (95 % interval ${
    interval(calibration)
  }; q = ${q.toPrecision(4)})${guarantee ? promised(guarantee) : ""}
kept in ${printable(file)}; use them with: ranet classify …${use} --budget ${
    "budget" in target ? target.budget : Math.ceil(expectedCost)
  }`;
}

/** The confidence interval of the expected accuracy. */
function interval({ expectedAccuracy, samples }: Calibration): string {
  return accuracyInterval(expectedAccuracy, samples).map((share) => percent(share)).join(" to ");
}

/** The target of a calibration in words. */
export function wanted(target: CalibrationTarget): string {
  if ("budget" in target) return `a budget of ${large(target.budget)} per image`;
  if ("accuracy" in target) return `an accuracy of ${percent(target.accuracy)}`;
  const { maxDrop, confidence, risk } = target;
  const limited = risk === "disagreement"
    ? `disagreement with the full network on at most ${percent(maxDrop)} of new images`
    : `an accuracy on new images at most ${percent(maxDrop)} below the full network's`;
  return `${limited}, with ${percent(confidence)} confidence`;
}

function promised({ fitted, tested, bound }: Guarantee): string {
  return `
guarantee: thresholds fitted on ${fitted} of the samples and tested on the other ${tested} (${bound})`;
}
