/**
 * `ranet calibrate`.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { openDataset } from "../data/open_dataset.ts";
import { RanetError } from "../errors.ts";
import { calibrate, type Calibration, checkCalibration } from "../calibration/calibration.ts";
import { type CalibrationTarget, checkBudget, type Validation } from "../calibration/search.ts";
import { formatCalibrations, readCalibrationFile, withCalibration } from "../calibration/calibration_file.ts";
import { type AdaptiveExecutor, DEFAULT_CAPACITY } from "../executor/executor.ts";
import { forwardDataset } from "../executor/forward_dataset.ts";
import { large, percent } from "../numbers.ts";
import { readAmount } from "./amount.ts";
import { calibrationPath } from "./budget.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { exists } from "./exists.ts";
import { MODEL_OPTIONS, type ModelOption, openExecutor } from "./run_on.ts";
import { printable, table } from "./text.ts";
import { writeFiles } from "../write_files.ts";

type CalibrateOption = ModelOption | "budget" | "accuracy" | "out";

/** The command. */
export const calibrateCommand: Command<CalibrateOption> = {
  name: "calibrate",
  summary: "find thresholds that keep a budget or reach an accuracy",
  usage: "DATASET (--budget B | --accuracy A) [options]",
  operands: [1, 1],
  description: `Finds thresholds on a labelled data set that the model was not trained on: a folder with a folder for
each class, CIFAR .bin files, IDX files, or a CSV of path,label. They are kept in DIRECTORY/calibration.json
for a model in a directory, beside the file of --weights, or in ./NAME.calibration.json for a bundled
model: one calibration for each target. classify --budget takes the one that spends most within its budget.`,
  options: {
    ...MODEL_OPTIONS,
    budget: { value: "B", help: "multiply-adds per image on average: 25M, 1.2G, 25000000" },
    accuracy: { value: "A", help: "share of images to classify rightly, at the least cost: 0.88" },
    out: { value: "FILE", help: "where to keep the thresholds (default: beside the model)" },
  },
  flags: { "skip-bad": "leave out images that cannot be read or have an unknown label" },
  examples: [
    "ranet calibrate cifar10-val --budget 20M",
    "ranet calibrate cifar10-val --accuracy 0.86 --model my-model",
  ],
  async run(call: Call<CalibrateOption>, terminal: Terminal): Promise<void> {
    const { operands: [path], options, flags, json } = call;
    const target = readTarget(options);
    using executor = await openExecutor(call, terminal, { capacity: DEFAULT_CAPACITY });
    const { model } = executor;
    if ("budget" in target) checkBudget(target.budget, model.network);
    const out = options.out ?? await calibrationPath(options, model);
    const before = await exists(out) ? await readCalibrationFile(out) : [];
    for (const calibration of before) await checkCalibration(calibration, model);

    const skipBad = flags.has("skip-bad");
    const { classes: labels, input } = model.spec;
    const dataset = await openDataset(path, { labels, inputSize: input.size, skipBad });
    const bad = [...dataset.bad];
    const validation = await predict(executor, dataset, skipBad ? (message) => bad.push(message) : undefined);
    for (const message of bad) terminal.stderr(`Skipped: ${message}`);
    const calibration = await calibrate(model, validation, target, { dataset: dataset.name });
    const text = formatCalibrations(withCalibration(before, calibration));
    await writeFiles([[out, new TextEncoder().encode(text)]]);
    terminal.stdout(json ? toJson(calibration, out, bad.length) : toText(calibration, out, bad.length));
  },
};

function readTarget({ budget, accuracy }: Call<CalibrateOption>["options"]): CalibrationTarget {
  if ((budget === undefined) === (accuracy === undefined)) {
    throw new UsageError("Cannot calibrate: expected either --budget or --accuracy");
  }
  if (budget !== undefined) return { budget: readAmount(budget, "budget") };
  const share = /^[\d.]+$/.test(accuracy!) ? Number(accuracy) : NaN;
  if (share > 0 && share <= 1) return { accuracy: share };
  throw new RanetError(
    `Cannot use --accuracy ${JSON.stringify(accuracy)}: expected a number above 0, up to 1, such as 0.88`,
  );
}

/** The logits of every exit for a whole data set: numbers only, the images are gone by then. */
async function predict(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  onBad: ((message: string) => void) | undefined,
): Promise<Validation> {
  const { network, spec } = executor.model;
  const classes = spec.classes.length;
  const logits = network.exits.map(() => new Float32Array(dataset.size * classes));
  const labels = new Uint32Array(dataset.size);
  let done = 0;
  const { Progress } = await import("./progress.ts");
  using progress = new Progress("calibrating", dataset.size);
  for await (const batch of forwardDataset(executor, dataset, { onBad })) {
    batch.logits.forEach((values, exit) => logits[exit].set(values, done * classes));
    labels.set(batch.labels, done);
    done += batch.labels.length;
    progress.advance(batch.labels.length);
  }
  return { logits: logits.map((values) => values.subarray(0, done * classes)), labels: labels.subarray(0, done) };
}

function toJson(calibration: Calibration, file: string, skipped: number): string {
  const { calibrations: [readable] } = JSON.parse(formatCalibrations([calibration]));
  return JSON.stringify({ file, skipped, ...readable });
}

function toText(calibration: Calibration, file: string, skipped: number): string {
  const { model, thresholds, q, expectedAccuracy, expectedCost, samples, dataset, target } = calibration;
  const wanted = "budget" in target
    ? `a budget of ${large(target.budget)} per image`
    : `an accuracy of ${percent(target.accuracy)}`;
  const rows = thresholds.map((threshold, exit) => [
    `${exit + 1}`,
    threshold === Infinity ? "never" : threshold === -Infinity ? "all" : threshold.toFixed(4),
  ]);
  return `${model} for ${wanted}, on ${samples} samples of ${printable(dataset ?? "")}${
    skipped > 0 ? `, ${skipped} skipped` : ""
  }

${table([["exit", "right"], ["leaves at", "right"]], rows)}

expected: ${large(expectedCost)} multiply-adds per image, accuracy ${percent(expectedAccuracy)} (q = ${
    q.toPrecision(4)
  })
kept in ${printable(file)}`;
}
