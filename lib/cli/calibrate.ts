/**
 * `ranet calibrate`.
 *
 * @module
 */

import { join } from "node:path";
import { inFolder, isUrl, toPlace } from "../io/place.ts";
import { calibrationPath, type ModelPlace } from "../calibration/find.ts";
import { divideAll, fitTemperatures } from "../calibration/temperature.ts";
import { type Model, withTemperatures } from "../model/model.ts";
import { BUNDLED_SPECS } from "../model/read_spec.ts";
import { formatTemperatures, temperaturesPath } from "../model/temperatures.ts";
import { digestTrained } from "../weights/digest.ts";
import { calibrateMeasured, type Calibration, checkCalibration } from "../calibration/calibration.ts";
import { checkGuarantee, type RiskTarget } from "../calibration/guarantee.ts";
import { measure, type Measured, type Validation } from "../calibration/measure.ts";
import { checkSamples, MANY_SAMPLES } from "../calibration/samples.ts";
import { type CalibrationTarget, checkBudget } from "../calibration/search.ts";
import { formatCalibrations, readCalibrationFile, withCalibration } from "../calibration/calibration_file.ts";
import { DEFAULT_BATCH_SIZE } from "../executor/options.ts";
import { evaluateLogits } from "../report/evaluate.ts";
import { RanetError } from "../errors.ts";
import { readAmount, readShare } from "./amount.ts";
import { placeOf } from "./budget.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { exists } from "../io/exists.ts";
import {
  DATASET_FLAGS,
  DATASET_OPTIONS,
  MODEL_OPTIONS,
  type ModelOption,
  noteTrained,
  openDatasetFor,
  openExecutor,
} from "./run_on.ts";
import { toJson, toText, wanted } from "./calibrate_output.ts";
import { predict } from "./predict.ts";
import { printable } from "./text.ts";
import { checkWritable, writeFiles } from "../io/write_files.ts";

/** The possible targets. */
const TARGETS = ["budget", "accuracy", "max-drop"] as const;

type CalibrateOption =
  | ModelOption
  | "budget"
  | "accuracy"
  | "max-drop"
  | "confidence"
  | "risk"
  | "logits"
  | "out"
  | "labels";

/** Default confidence level for `--max-drop`. */
const DEFAULT_CONFIDENCE = "95%";

type Options = Call<CalibrateOption>["options"];

/** The command. */
export const calibrateCommand: Command<CalibrateOption> = {
  name: "calibrate",
  summary: "choose thresholds for a budget, an accuracy, or a guaranteed largest loss of accuracy",
  usage: "DATASET (--budget B | --accuracy A | --max-drop D) [options]",
  operands: [1, 1],
  description: `Finds thresholds on a labelled data set that the model was not trained on: a folder with one folder
per class, a CSV of path,label, or files of CIFAR, STL-10, SVHN, MNIST, NumPy or Hugging Face. Each target is stored as one
calibration: in calibration.json in the model's directory or beside the file of --weights, or in ./NAME.calibration.json for a bundled
model. classify --budget uses the most expensive calibration within its budget.

The first calibration of a model also fits one temperature per exit, by which logits are divided, and stores them in
temperatures.json beside the weights.

--max-drop finds the cheapest thresholds with which, at the given confidence level, accuracy on new images of the same
kind is at most D below the full network's. They are fitted on one half of the images and tested on the other.`,
  options: {
    ...MODEL_OPTIONS,
    budget: { value: "B", help: "multiply-adds per image on average: 25M, 1.2G, 25000000" },
    accuracy: { value: "A", help: "share of images to classify correctly, at the lowest cost: 0.88" },
    "max-drop": { value: "D", help: "largest loss of accuracy relative to the full network: 1% or 0.01" },
    confidence: { value: "C", help: "confidence level for --max-drop: 95% (the default) or 0.95" },
    risk: {
      value: "KIND",
      help: "what --max-drop limits: loss of accuracy (the default), or disagreement with the full network",
    },
    logits: { value: "DIR", help: "the output folder of an eval of DATASET; use its logits instead of computing them" },
    out: { value: "FILE", help: "file for the thresholds (default: beside the model)" },
    ...DATASET_OPTIONS,
  },
  flags: { ...DATASET_FLAGS, temperature: "fit the temperatures again, and recompute existing thresholds with them" },
  examples: [
    "ranet calibrate cifar10-val --budget 20M",
    "ranet calibrate cifar10-val --accuracy 0.86 --model my-model",
    "ranet calibrate cifar10-val --max-drop 1% --confidence 95%",
    "ranet calibrate photos --budget 20M --logits merged",
  ],
  async run(call: Call<CalibrateOption>, terminal: Terminal): Promise<void> {
    const { operands: [path], options, flags, json } = call;
    const refit = flags.has("temperature");
    const target = refit && TARGETS.every((name) => options[name] === undefined) ? undefined : readTarget(options);
    const place = placeOf(options);
    const weights = weightsFile(place);
    if (refit && weights === undefined) {
      throw new UsageError(
        "Cannot fit temperatures: expected your own model, because they are stored beside its weights",
      );
    }
    using executor = await openExecutor(call, terminal, {
      batchSize: DEFAULT_BATCH_SIZE,
      calibrated: !refit,
      together: true,
    });
    const { model: opened } = executor;
    if (target && "budget" in target) checkBudget(target.budget, opened.network);
    const kept = await calibrationPath(opened, place);
    const { out = kept } = options;
    // Errors should appear before the long pass.
    const before = refit ? [] : await readBefore(out, opened);
    const invalid = refit ? await readInvalid(kept, opened) : [];
    const fit = weights !== undefined && before.length === 0 && opened.temperatures === undefined;
    const files = [
      ...fit ? [temperaturesPath(weights)!] : [],
      ...new Set([...target ? [out] : [], ...invalid.length > 0 ? [kept] : []]),
    ];
    await checkWritable(files);

    const skipBad = flags.has("skip-bad");
    const dataset = await openDatasetFor(opened.spec, path, { call, terminal, part: "validation" });
    await noteTrained(dataset, path, { spec: opened.spec, call, terminal });
    checkSamples(dataset.size);
    if (target && "maxDrop" in target) checkGuarantee(target, dataset.size);
    terminal.stderr(
      `Calibrating on the ${dataset.size} images of ${printable(dataset.name)}, into ${
        files.map(printable).join(", ")
      }`,
    );
    const bad: string[] = [];
    const onBad = skipBad ? (message: string) => void bad.push(message) : undefined;
    let validation: Validation = options.logits === undefined
      ? await predict(executor, dataset, { title: "calibrating", onBad })
      : await evaluateLogits(executor, dataset, { folder: join(options.logits, "cache"), onBad });
    for (const message of bad) terminal.stderr(`Skipped: ${message}`);
    let model = opened;
    const written: Parameters<typeof writeFiles>[0][number][] = [];
    if (fit) {
      const temperatures = fitTemperatures(model.network, validation);
      const text = formatTemperatures({ weights: await digestTrained(model), temperatures });
      written.push([files[0], new TextEncoder().encode(text)]);
      model = withTemperatures(model, temperatures);
      validation = divideAll(validation, temperatures);
    }
    const measured = measure(model.network, validation);
    const about = { dataset: dataset.name };
    const calibration = target && await calibrateMeasured(model, measured, target, about);
    const again = await calibrateAgain(invalid, { model, measured, about });
    for (const note of again.notes) terminal.stderr(printable(note));
    if (calibration) {
      written.push([out, async () => {
        const fresh = out === kept ? again.calibrations : [];
        const others = refit ? fresh : await readBefore(out, model); // more may have been added meanwhile
        return new TextEncoder().encode(formatCalibrations(withCalibration(others, calibration)));
      }]);
    }
    if (invalid.length > 0 && !(calibration && out === kept)) {
      written.push([kept, new TextEncoder().encode(formatCalibrations(again.calibrations))]);
    }
    const samples = measured.labels.length;
    if (samples < MANY_SAMPLES) {
      terminal.stderr(
        `${samples} images are few, so thresholds are imprecise. Use ${MANY_SAMPLES} or more` +
          (fit ? "; temperatures were kept near 1" : ""),
      );
    }
    await writeFiles(written);
    const done = {
      file: out,
      use: useOptions(options),
      skipped: dataset.bad.length + bad.length,
      temperatures: fit ? model.temperatures : undefined,
    };
    terminal.stdout(json ? toJson(calibration, done) : toText(calibration, done));
  },
};

/** The weights beside which temperatures are stored; `undefined` for bundled models, archives and URLs. */
function weightsFile({ name, weights }: ModelPlace): string | undefined {
  const model = toPlace(name as string | URL);
  if (weights === undefined && (BUNDLED_SPECS.includes(model) || /\.zip$/i.test(model))) return undefined;
  const file = weights === undefined ? inFolder(model, "weights.safetensors") : toPlace(weights);
  return isUrl(file) ? undefined : file;
}

/** The existing calibrations in a file. */
async function readBefore(path: string, model: Model): Promise<Calibration[]> {
  const before = await exists(path) ? await readCalibrationFile(path) : [];
  for (const calibration of before) await checkCalibration(calibration, model);
  return before;
}

/** The calibrations of this architecture, which new temperatures make invalid. */
async function readInvalid(path: string, { network }: Model): Promise<Calibration[]> {
  const before = await exists(path) ? await readCalibrationFile(path) : [];
  return before.filter(({ model, thresholds }) =>
    model === network.spec.name && thresholds.length === network.exits.length
  );
}

/** Finds thresholds again for the targets of calibrations. Targets that cannot be met are removed and named. */
async function calibrateAgain(
  invalid: readonly Calibration[],
  { model, measured, about }: {
    readonly model: Model;
    readonly measured: Measured;
    readonly about: { readonly dataset: string };
  },
): Promise<{ readonly calibrations: readonly Calibration[]; readonly notes: readonly string[] }> {
  const calibrations: Calibration[] = [];
  const notes: string[] = [];
  for (const { target } of invalid) {
    try {
      calibrations.push(await calibrateMeasured(model, measured, target, about));
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
      notes.push(
        `Removed the thresholds for ${wanted(target)}: they belong to the previous temperatures. ${error.message}`,
      );
    }
  }
  if (calibrations.length > 0) {
    const targets = calibrations.map(({ target }) => wanted(target)).join("; ");
    notes.unshift(`Recomputed thresholds with the new temperatures, for: ${targets}`);
  }
  return { calibrations, notes };
}

function readTarget({ budget, accuracy, "max-drop": maxDrop, confidence, risk }: Options): CalibrationTarget {
  if ([budget, accuracy, maxDrop].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError("Cannot calibrate: expected one of --budget, --accuracy and --max-drop");
  }
  if (maxDrop !== undefined) {
    return {
      maxDrop: readShare(maxDrop, "max-drop"),
      confidence: readShare(confidence ?? DEFAULT_CONFIDENCE, "confidence"),
      risk: readRisk(risk ?? "accuracy"),
    };
  }
  for (const [name, given] of Object.entries({ confidence, risk })) {
    if (given !== undefined) throw new UsageError(`Cannot use --${name} without --max-drop`);
  }
  return budget === undefined
    ? { accuracy: readShare(accuracy!, "accuracy") }
    : { budget: readAmount(budget, "budget") };
}

function readRisk(text: string): NonNullable<RiskTarget["risk"]> {
  if (text === "accuracy" || text === "disagreement") return text;
  throw new UsageError(`Cannot use --risk ${JSON.stringify(text)}: expected accuracy or disagreement`);
}

/** Options that `classify` needs, in addition to the budget, to find the calibration. */
function useOptions({ model, weights, out }: Options): string {
  return Object.entries({ model, weights, calibration: out })
    .map(([name, value]) => value === undefined ? "" : ` --${name} ${printable(value)}`).join("");
}
