/**
 * `ranet quantize`: makes an 8-bit copy of a model.
 *
 * @module
 */

import { calibrateMeasured, type Calibration } from "../calibration/calibration.ts";
import { findCalibrations } from "../calibration/find.ts";
import { measure, type Validation } from "../calibration/measure.ts";
import { FEWEST_SAMPLES } from "../calibration/samples.ts";
import { divideAll, fitTemperatures } from "../calibration/temperature.ts";
import type { Dataset } from "../data/dataset.ts";
import { MAX_IMAGE_BYTES } from "../data/decode.ts";
import { readSampleTensor, readTensor } from "../data/read_tensor.ts";
import { RanetError } from "../errors.ts";
import { AdaptiveExecutor } from "../executor/executor.ts";
import { readResource } from "../io/resource.ts";
import { loadModel, type Model, withTemperatures } from "../model/model.ts";
import { BUNDLED_SPECS, readSpec } from "../model/read_spec.ts";
import { inputLength } from "../network/common.ts";
import { compareExits, type ExitLoss } from "../quantization/losses.ts";
import { checkQuantizable, quantize } from "../quantization/quantize.ts";
import { RANGE_METHODS, type RangeMethod } from "../quantization/steps.ts";
import { bytes, large } from "../text/numbers.ts";
import { weightsMetadata } from "../weights/metadata.ts";
import { writeQuantized } from "../weights/quantized_file.ts";
import { readShare } from "./amount.ts";
import { choice, count, required } from "./args.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { expandInputs } from "./inputs.ts";
import { predict } from "./predict.ts";
import { DATASET_FLAGS, DATASET_OPTIONS, MODEL_OPTIONS, openDatasetFor } from "./run_on.ts";
import { printable, table } from "./text.ts";
import { checkModelWritable, refuseSource, writeModel } from "./write_model.ts";

type QuantizeOption = "data" | "out" | "images" | "range" | "max-loss" | "weights" | "key" | "threads" | "labels";

/** Default number of images for ranges. More images change little. */
const DEFAULT_IMAGES = 512;
/** Default limit of the loss of accuracy of an exit. */
const DEFAULT_LOSS = "0.5%";

/** The command. */
export const quantizeCommand: Command<QuantizeOption> = {
  name: "quantize",
  summary: "quantize a model to 8 bits: faster on the CPU, a quarter of the size of float32",
  usage: "MODEL --data DATASET --out DIR [options]",
  operands: [1, 1],
  description:
    `Runs some images through the network to determine the range of each channel, rounds weights to 8 bits, and
writes a model's directory. Activations have 7 bits.

DATASET contains images like those that the model will classify, but on which it was not trained; preferably the validation
set for thresholds. If they have labels (as for eval), every exit is compared with the original model, temperatures and
all thresholds are fitted again, and a model that loses too much accuracy is not written. For ranges alone, a folder of
images without labels is enough.`,
  options: {
    data: { value: "DATASET", help: "images, preferably with labels: one folder per class, a CSV, …" },
    out: { value: "DIR", help: "the model's directory; it is created if missing, and existing files are replaced" },
    images: { value: "N", help: `number of images for ranges (default ${DEFAULT_IMAGES})` },
    range: {
      value: "HOW",
      help: "how a channel's range is chosen: mse (default; smallest squared error), or max (no clipping)",
    },
    "max-loss": {
      value: "L",
      help:
        `largest loss of accuracy of an exit on the labelled images (default ${DEFAULT_LOSS}); above it, nothing is written`,
    },
    weights: MODEL_OPTIONS.weights,
    key: MODEL_OPTIONS.key,
    threads: MODEL_OPTIONS.threads,
    ...DATASET_OPTIONS,
  },
  flags: DATASET_FLAGS,
  examples: [
    "ranet quantize ranet-cifar10 --data cifar10-val --out q8",
    "ranet quantize my-model --data photos --out my-model-int8 --max-loss 1%",
  ],
  async run(call: Call<QuantizeOption>, terminal: Terminal): Promise<void> {
    const { operands: [name], options } = call;
    const [path, out] = [required(call, "data"), required(call, "out")];
    await refuseSource(name, out);
    if (options.weights !== undefined) await refuseSource(options.weights, out);
    const most = options["max-loss"] === undefined ? undefined : readShare(options["max-loss"], "max-loss");
    const range = choice<RangeMethod>("range", options.range ?? "mse", RANGE_METHODS);
    const wanted = options.images === undefined ? DEFAULT_IMAGES : count("images", options.images);
    const threads = options.threads === undefined ? undefined : count("threads", options.threads);
    const { weights, key } = options;
    const model = await loadModel(name, { weights, key, calibrated: false, onNote: terminal.stderr });
    // Errors should be reported before a long pass.
    checkQuantizable(model);
    await checkModelWritable(out);
    const [spec, calibrated] = [await readSpec(name), await findCalibrations(model, { name, weights }) ?? []];
    const data = await openImages(path, { model, call, terminal });
    if (!data.labelled && most !== undefined) {
      throw new RanetError(
        `Cannot apply --max-loss: ${printable(path)} has no labels, which are needed to measure accuracy`,
      );
    }
    const enough = data.labelled !== undefined && isEnough(data.labelled.size, { path, most });
    const { tensors, used } = await readSome(data, { wanted, model, terminal, skipsBad: call.flags.has("skip-bad") });
    terminal.stderr(`Determined ranges from ${used} images`);
    const plain = await quantize(model, tensors, { range, threads });
    const check = data.labelled && enough
      ? await checkLoss(data.labelled, { path, model, plain, most, threads, call, terminal })
      : undefined;
    if (!check) {
      terminal.stderr(
        `There are fewer than ${FEWEST_SAMPLES} labelled images, so accuracy is not compared and no thresholds are ` +
          "chosen: see calibrate",
      );
    }

    const fitted = check && withTemperatures(plain, fitTemperatures(plain.network, check.after));
    const calibrations = check && fitted ? await calibrateAnew(calibrated, { fitted, ...check }, terminal) : [];
    const quantized = fitted ?? plain;
    const stored = writeQuantized(quantized.network, quantized.tensors, weightsMetadata(spec));
    const written = stored.length;
    await writeModel(quantized, {
      ...{ out, spec, weights: stored, calibrations },
      card: card(quantized, { check, used, bytes: written }),
    });
    const result = {
      name: model.name,
      out,
      images: used,
      bytes: written,
      exits: check?.losses.map((loss, exit) => ({ exit: exit + 1, ...loss })),
      labelled: check?.after.labels.length,
      calibrations: calibrations.length,
    };
    if (call.json) return terminal.stdout(JSON.stringify(result));
    if (check) terminal.stdout(`${lossTable(model, check.losses)}\n`);
    terminal.stdout(
      `Wrote ${printable(out)} (weights ${bytes(written)}; thresholds for ${calibrations.length} targets)` +
        (BUNDLED_SPECS.includes(out) ? `. The name ${out} means the bundled model: use ./${out} for this one` : ""),
    );
  },
};

/** The images for ranges, in order. */
interface Images {
  readonly size: number;
  readonly read: (index: number) => Promise<Float32Array>;
  /** The same images with labels. */
  readonly labelled?: Dataset;
}

async function openImages(
  path: string,
  { model, call, terminal }: {
    readonly model: Model;
    readonly call: Call<QuantizeOption>;
    readonly terminal: Terminal;
  },
): Promise<Images> {
  const { input } = model.spec;
  try {
    const dataset = await openDatasetFor(model.spec, path, { call, terminal, part: "validation" });
    return { size: dataset.size, read: (index) => readSampleTensor(dataset, index, input), labelled: dataset };
  } catch (error) {
    if (!(error instanceof RanetError)) throw error;
    const files: string[] = [];
    for await (const file of expandInputs([path], model)) {
      if (typeof file === "string" && file !== path) files.push(file);
    }
    if (files.length === 0) throw error;
    terminal.stderr(printable(`${path} is read as images without labels: ${error.message}`));
    const read = async (index: number) => {
      const source = files[index];
      return await readTensor(await readResource(source, { maxBytes: MAX_IMAGE_BYTES }), { source, input });
    };
    return { size: files.length, read };
  }
}

/** Reads an evenly spaced selection of the images. */
async function readSome(
  { size, read }: Images,
  { wanted, model: { spec }, terminal, skipsBad }: {
    readonly wanted: number;
    readonly model: Model;
    readonly terminal: Terminal;
    readonly skipsBad: boolean;
  },
): Promise<{ readonly tensors: Float32Array; readonly used: number }> {
  const most = Math.min(wanted, size);
  const length = inputLength(spec.input);
  const tensors = new Float32Array(most * length);
  let used = 0;
  for (let i = 0; i < most; i++) {
    try {
      tensors.set(await read(Math.floor(i * size / most)), used * length);
      used++;
    } catch (error) {
      if (!(skipsBad && error instanceof RanetError)) throw error;
      terminal.stderr(printable(`Skipped: ${error.message}`));
    }
  }
  if (used === 0) throw new RanetError("Cannot quantize: there are no images to determine ranges");
  return { tensors: tensors.subarray(0, used * length), used };
}

/** The comparison of both models on the labelled images. */
interface Check {
  readonly after: Validation;
  readonly losses: readonly ExitLoss[];
  readonly dataset: string;
}

/**
 * Whether there are enough images with labels to compare accuracy.
 *
 * @throws {RanetError} If there are not, but `--max-loss` is given.
 */
function isEnough(
  labelled: number,
  { path, most }: { readonly path: string; readonly most: number | undefined },
): boolean {
  if (labelled >= FEWEST_SAMPLES) return true;
  if (most === undefined) return false;
  throw new RanetError(
    `Cannot apply --max-loss: ${printable(path)} has only ${labelled} images with labels, but ` +
      `${FEWEST_SAMPLES} are needed to measure accuracy`,
  );
}

/** Measures the loss of accuracy, and throws if it is too large. `undefined` if too few images can be read. */
async function checkLoss(
  dataset: Dataset,
  { path, model, plain, most, threads, call, terminal }: {
    readonly path: string;
    readonly model: Model;
    readonly plain: Model;
    readonly most: number | undefined;
    readonly threads: number | undefined;
    readonly call: Call<QuantizeOption>;
    readonly terminal: Terminal;
  },
): Promise<Check | undefined> {
  const bad = new Set<string>();
  const pass = async (one: Model, title: string) => {
    using executor = await AdaptiveExecutor.create(one, { device: "cpu", threads });
    const onBad = call.flags.has("skip-bad") ? (message: string) => void bad.add(message) : undefined;
    return await predict(executor, dataset, { title, onBad });
  };
  const before = await pass(model, "Floating point");
  for (const message of bad) terminal.stderr(printable(`Skipped: ${message}`));
  const images = before.labels.length;
  if (!isEnough(images, { path, most })) return undefined;
  const after = await pass(plain, "8 bits");
  const losses = compareExits(model.network, before, after);
  const largest = Math.max(...losses.map(({ before, after }) => before - after));
  const allowed = most ?? readShare(DEFAULT_LOSS, "max-loss");
  // Numbers of images are compared, so that a loss of exactly the limit is allowed despite the rounding of shares.
  if (largest * images > allowed * images + 1e-6) {
    const exit = losses.findIndex(({ before, after }) => before - after === largest);
    const [from, to, lost] = [losses[exit].before, losses[exit].after, largest].map(twoDigits);
    // With few images, a single one exceeds the limit but is not significant.
    const advice = allowed * images < 1
      ? `One image is ${
        twoDigits(1 / images)
      } of them: use more images with labels, or allow a larger loss (--max-loss)`
      : "Use more images (--images), the other --range, or allow a larger loss (--max-loss)";
    throw new RanetError(
      `Cannot quantize ${model.name}: exit ${exit + 1} would lose ${lost} of accuracy, from ${from} to ${to} ` +
        `on ${images} images, but at most ${twoDigits(allowed)} is allowed. ${advice}`,
    );
  }
  return { after, losses, dataset: dataset.name };
}

/** Finds thresholds for the targets of the original model's thresholds. */
async function calibrateAnew(
  before: readonly Calibration[],
  { fitted, after, dataset }: Pick<Check, "after" | "dataset"> & { readonly fitted: Model },
  { stderr }: Terminal,
): Promise<Calibration[]> {
  const measured = measure(fitted.network, divideAll(after, fitted.temperatures!));
  const found: Calibration[] = [];
  for (const { target } of before) {
    try {
      found.push(await calibrateMeasured(fitted, measured, target, { dataset }));
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
      stderr(printable(`No thresholds for ${JSON.stringify(target)}: ${error.message}`));
    }
  }
  return found.sort((a, b) => a.expectedCost - b.expectedCost);
}

/** A table of the accuracy of every exit before and after. */
function lossTable({ network }: Model, losses: readonly ExitLoss[]): string {
  return table(
    [["exit", "right"], ["multiply-adds", "right"], ["floating point", "right"], ["8 bits", "right"], [
      "same prediction",
      "right",
    ]],
    losses.map(({ before, after, agreement }, exit) => [
      exit + 1,
      large(network.exits[exit].cumulativeFlops),
      twoDigits(before),
      twoDigits(after),
      twoDigits(agreement),
    ]),
  );
}

/** Two digits, because differences are small. */
function twoDigits(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** The model card. */
function card(
  model: Model,
  { check, used, bytes: size }: { readonly check: Check | undefined; readonly used: number; readonly bytes: number },
): string {
  const measured = check
    ? `Accuracy of every exit on the ${check.after.labels.length} images of ${check.dataset}, before and after quantization.
Temperatures and thresholds were chosen on the same images, so accuracy on other images is slightly lower:

${lossTable(model, check.losses)}
`
    : "Accuracy was not compared, because there were no labelled images, or too few.\n";
  return `# ${model.name} in 8 bits

Weights with 8 bits, activations with 7, made by \`ranet quantize\` with ranges from ${used} images; ${
    bytes(size)
  } of weights. Linear layers
are stored as float16. This model cannot be trained: train the model from which it was made, and quantize it again.

${measured}`;
}
