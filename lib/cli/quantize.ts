/**
 * `ranet quantize`: a copy of a model that computes in whole numbers of eight bits.
 *
 * @module
 */

import { join } from "node:path";
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
import { BUNDLED_SPECS, isDirectory, readSpec } from "../model/read_spec.ts";
import { inputLength } from "../network/common.ts";
import { compareExits, type ExitLoss } from "../quantization/losses.ts";
import { checkQuantizable, quantize } from "../quantization/quantize.ts";
import { RANGE_METHODS, type RangeMethod } from "../quantization/steps.ts";
import { bytes, large } from "../text/numbers.ts";
import { weightsMetadata } from "../weights/metadata.ts";
import { writeQuantized } from "../weights/quantized_file.ts";
import { readShare } from "./amount.ts";
import { choice, count, required } from "./args.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { expandInputs } from "./inputs.ts";
import { predict } from "./predict.ts";
import { DATASET_FLAGS, DATASET_OPTIONS, MODEL_OPTIONS, openDatasetFor } from "./run_on.ts";
import { printable, table } from "./text.ts";
import { checkModelWritable, isSamePlace, writeModel } from "./write_model.ts";

type QuantizeOption = "data" | "out" | "images" | "range" | "max-loss" | "weights" | "key" | "threads" | "labels";

/** Images that ranges are taken from: more change little. */
const DEFAULT_IMAGES = 512;
/** Most that an exit may lose. */
const DEFAULT_LOSS = "0.5%";

/** The command. */
export const quantizeCommand: Command<QuantizeOption> = {
  name: "quantize",
  summary: "make a model compute in 8-bit numbers: faster on the CPU, a quarter of float32's size",
  usage: "MODEL --data DATASET --out DIR [options]",
  operands: [1, 1],
  description:
    `Passes some images through the network to learn the range of each channel, rounds weights to 8 bits, and writes
a model folder like any other. Activations are whole numbers of 7 bits.

DATASET holds images of the kind that the model is to classify, which it was not trained on; best those that thresholds are
chosen by. With labels, as eval reads them, every exit is compared with the model before, temperatures and all thresholds
are fitted anew, and a model that loses too much is not written. A folder of images without labels will do for the ranges.`,
  options: {
    data: { value: "DATASET", help: "images, with labels if there are some: a folder for each class, a CSV, …" },
    out: { value: "DIR", help: "the model's folder; made if missing, its files are replaced" },
    images: { value: "N", help: `how many images ranges are taken from (default ${DEFAULT_IMAGES})` },
    range: {
      value: "HOW",
      help: "how a channel's range is chosen: mse (default; least squared error), or max (nothing is clipped)",
    },
    "max-loss": {
      value: "L",
      help:
        `most accuracy that an exit may lose on the images with labels (default ${DEFAULT_LOSS}); else nothing is written`,
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
    const file = join(out, "weights.safetensors");
    if (
      await isDirectory(name) && await isSamePlace(name, out) ||
      options.weights !== undefined && await isSamePlace(options.weights, file)
    ) {
      throw new UsageError(
        `Cannot write to ${out}: that is the model itself, which would be lost. Name another folder`,
      );
    }
    const most = options["max-loss"] === undefined ? undefined : readShare(options["max-loss"], "max-loss");
    const range = choice<RangeMethod>("range", options.range ?? "mse", RANGE_METHODS);
    const wanted = options.images === undefined ? DEFAULT_IMAGES : count("images", options.images);
    const threads = options.threads === undefined ? undefined : count("threads", options.threads);
    const { weights, key } = options;
    const model = await loadModel(name, { weights, key, calibrated: false, onNote: terminal.stderr });
    // What cannot be done should be reported before a long pass.
    checkQuantizable(model);
    await checkModelWritable(out);
    const [spec, calibrated] = [await readSpec(name), await findCalibrations(model, { name, weights }) ?? []];
    const data = await openImages(path, { model, call, terminal });
    if (!data.labelled && most !== undefined) {
      throw new RanetError(`Cannot keep to --max-loss: ${printable(path)} has no labels to measure accuracy by`);
    }
    const enough = data.labelled !== undefined && isEnough(data.labelled.size, { path, most });
    const { tensors, used } = await readSome(data, { wanted, model, terminal, skipsBad: call.flags.has("skip-bad") });
    terminal.stderr(`Taking ranges from ${used} images`);
    const plain = await quantize(model, tensors, { range, threads });
    const check = data.labelled && enough
      ? await checkLoss(data.labelled, { path, model, plain, most, threads, call, terminal })
      : undefined;
    if (!check) {
      terminal.stderr(
        `Without labels of ${FEWEST_SAMPLES} images accuracy is not compared, and no thresholds are chosen: see calibrate`,
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
        (BUNDLED_SPECS.includes(out) ? `. ${out} alone is the bundled model: use this one as ./${out}` : ""),
    );
  },
};

/** Images to take ranges from, in their order. */
interface Images {
  readonly size: number;
  readonly read: (index: number) => Promise<Float32Array>;
  /** The same with labels. */
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
    terminal.stderr(printable(`${path} is taken for images without labels: ${error.message}`));
    const read = async (index: number) => {
      const source = files[index];
      return await readTensor(await readResource(source, { maxBytes: MAX_IMAGE_BYTES }), { source, input });
    };
    return { size: files.length, read };
  }
}

/** Some of the images, evenly spread over all. */
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
  if (used === 0) throw new RanetError("Cannot quantize: there is no image to take ranges from");
  return { tensors: tensors.subarray(0, used * length), used };
}

/** What the labelled images say of both. */
interface Check {
  readonly after: Validation;
  readonly losses: readonly ExitLoss[];
  readonly dataset: string;
}

/**
 * Whether there are enough images with labels to compare accuracy.
 *
 * @throws {RanetError} If there are not, but a largest loss is promised.
 */
function isEnough(
  labelled: number,
  { path, most }: { readonly path: string; readonly most: number | undefined },
): boolean {
  if (labelled >= FEWEST_SAMPLES) return true;
  if (most === undefined) return false;
  throw new RanetError(
    `Cannot keep to --max-loss: ${printable(path)} has only ${labelled} images with labels, and ` +
      `${FEWEST_SAMPLES} are needed to measure accuracy by`,
  );
}

/** Measures what is lost, and refuses where that is too much. `undefined` if too few images can be read. */
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
  const before = await pass(model, "in floats");
  for (const message of bad) terminal.stderr(printable(`Skipped: ${message}`));
  const images = before.labels.length;
  if (!isEnough(images, { path, most })) return undefined;
  const after = await pass(plain, "in 8 bits");
  const losses = compareExits(model.network, before, after);
  const largest = Math.max(...losses.map(({ before, after }) => before - after));
  const allowed = most ?? readShare(DEFAULT_LOSS, "max-loss");
  // Counts of images are compared: a loss of exactly what is allowed is allowed, however shares are rounded.
  if (largest * images > allowed * images + 1e-6) {
    const exit = losses.findIndex(({ before, after }) => before - after === largest);
    const [from, to, lost] = [losses[exit].before, losses[exit].after, largest].map(twoDigits);
    // One image of a few is more than what may be lost, and says little.
    const advice = allowed * images < 1
      ? `One image is ${twoDigits(1 / images)} of them: give more images with labels, or allow more (--max-loss)`
      : "Take ranges from more images (--images), or the others (--range), or allow more (--max-loss)";
    throw new RanetError(
      `Cannot quantize ${model.name}: exit ${exit + 1} would lose ${lost} of accuracy, from ${from} to ${to} ` +
        `on ${images} images, and at most ${twoDigits(allowed)} may be lost. ${advice}`,
    );
  }
  return { after, losses, dataset: dataset.name };
}

/** Thresholds for what the model before had some for. */
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

/** Every exit before and after. */
function lossTable({ network }: Model, losses: readonly ExitLoss[]): string {
  return table(
    [["exit", "right"], ["multiply-adds", "right"], ["in floats", "right"], ["in 8 bits", "right"], [
      "same answer",
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

/** Differences are small. */
function twoDigits(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** What there is to say of the model, for people. */
function card(
  model: Model,
  { check, used, bytes: size }: { readonly check: Check | undefined; readonly used: number; readonly bytes: number },
): string {
  const measured = check
    ? `Accuracy of every exit on the ${check.after.labels.length} images of ${check.dataset}, before and after. Temperatures and
thresholds were chosen by the same images, so that accuracy on other images is a little lower:

${lossTable(model, check.losses)}
`
    : "Accuracy has not been compared: the images had no labels, or too few.\n";
  return `# ${model.name} in 8 bits

Weights of 8 bits, activations of 7, made by \`ranet quantize\` with ranges from ${used} images; ${
    bytes(size)
  } of weights. Linear layers
are stored in float16. It cannot be trained: train the model that it was made from, and quantize again.

${measured}`;
}
