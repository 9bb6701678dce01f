/**
 * Prepares what a command line of `ranet train` describes, a new run or a resumed one, and opens its data sets.
 *
 * @module
 */

import { isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Dataset } from "../data/dataset.ts";
import { findValidation } from "../data/folder_layout.ts";
import { openDataset } from "../data/open_dataset.ts";
import { hasParquetOf } from "../data/parquet_files.ts";
import { LIST_FILE } from "../data/list_table.ts";
import { hasLinesOf } from "../data/read_list.ts";
import { ARRAY_ARCHIVE, hasArraysOf } from "../data/sample_arrays.ts";
import { RanetError } from "../errors.ts";
import { buildNetwork } from "../network/build.ts";
import { isDirectory, readSpec } from "../model/read_spec.ts";
import { readTensors } from "../model/read_tensors.ts";
import { isUrl } from "../io/place.ts";
import { checkWritable } from "../io/write_files.ts";
import { csv } from "../text/csv.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { parameterNames } from "../weights/check.ts";
import { boundEma, type Snapshot } from "../training/loop.ts";
import { type KeptRun, ModelFolder } from "../training/model_folder.ts";
import { nameClassesOf } from "../training/name_classes.ts";
import { adviseRecipe, type RecipeAdvice } from "../training/advise_recipe.ts";
import {
  changeRecipe,
  checkAugmentation,
  DEFAULT_RECIPE,
  lossOf,
  readRecipe,
  type Recipe,
} from "../training/recipe.ts";
import { digestOf, type RunSetup } from "../training/run_setup.ts";
import { DEFAULT_CACHE, type SessionOptions } from "../training/session.ts";
import { checkSizes } from "../training/sizes.ts";
import { splitDataset } from "../training/split.ts";
import { readAmount } from "./amount.ts";
import { choice, count, deviceChoice, required } from "./args.ts";
import { type Call, UsageError } from "./command.ts";
import { datasetOptions } from "./run_on.ts";
import { schemaSeenFrom } from "./schema_link.ts";
import { printable } from "./text.ts";
import type { TrainOption } from "./train_options.ts";

/** A run to start or resume. */
export interface TrainJob extends KeptRun {
  /** Images to train on. */
  readonly training: Dataset;
  /** Images to validate on. */
  readonly validation?: Dataset;
  /** The snapshot to continue from. */
  readonly snapshot?: Snapshot;
  /** The weights to start from. */
  readonly init?: SessionOptions["init"];
  /** Notes for the user. */
  readonly notes: readonly string[];
  /** The folder of a resumed run. */
  readonly folder?: ModelFolder;
  /** Creates the folder of a new run. */
  createFolder(): Promise<ModelFolder>;
}

/** Options that are allowed with `--resume`: the device and the place of images, but no settings of the training. */
const BESIDE_RESUME: readonly TrainOption[] = ["resume", "data", "val", "device", "threads", "cache"];
/** Options that suggest that the user wants to train for longer. */
const LONGER: readonly string[] = ["--epochs", "--steps", "--rate", "--recipe"];

/**
 * Prepares a new run.
 *
 * @throws {UsageError} If options are missing.
 * @throws {RanetError} If an option cannot be used, the data cannot be opened, or the folder contains a model.
 */
export async function newJob({ operands, options, flags }: Call<TrainOption>): Promise<TrainJob> {
  const [specSource] = operands;
  if (specSource === undefined) throw new UsageError("Cannot run train: expected SPEC, or --resume DIR");
  const call = { options } as Call<TrainOption>;
  const data = required(call, "data");
  const isDry = flags.has("dry-run");
  const out = isDry ? "" : required(call, "out");
  if (!isDry && !flags.has("force")) await ModelFolder.refuseUsed(out);
  if (!isDry) await checkWritable([join(out, "weights.safetensors"), join(out, "training", "run.json")]);

  const given = await readSpec(specSource);
  const wanted = await readWantedRecipe(options);
  const network = buildNetwork(given);
  lossOf(wanted, network.exits.length);
  checkAugmentation(wanted, network.features[0].channels);
  checkSizes(wanted, given);
  const below = options.val === undefined ? await validationBelow(data, given.classes) : undefined;
  const val = options.val ?? below ?? "split";
  const { readLabels, ...how } = datasetOptions({ options, flags });
  const setup: Omit<RunSetup, "images"> = {
    data: resolve(data),
    val: val === "split" || val === "none" ? val : resolve(val),
    skipBad: how.skipBad ?? false,
    allowOutside: how.allowOutside ?? false,
    labels: readLabels,
    ...placeOf(options),
    keep: choice("keep", options.keep ?? "last", ["last", "best"]),
  };
  if (setup.keep === "best" && setup.val === "none") {
    throw new UsageError("Cannot use --keep best with --val none: the best weights are chosen by validation accuracy");
  }
  // Messages use the names that the user gave.
  const sets = await openSets(given, wanted, { ...setup, data, val });
  const spec = nameClassesOf(given, sets.training);
  const recipe = boundEma(wanted, sets.training.size);
  const notes: string[] = [];
  const init = options.init === undefined ? undefined : {
    ...await readTensors(options.init, { expected: parameterNames(network), onNote: (note) => notes.push(note) }),
    source: printable(options.init),
  };
  if (recipe.train === "classifiers" && init === undefined) {
    notes.push(
      "This recipe trains only the classifiers, but all other weights are random; use --init to start from trained weights",
    );
  }
  const classCount = spec.classes.length;
  const advice = adviseRecipe({ images: sets.training.size, classes: classCount, hasInit: init !== undefined });
  if (options.recipe === undefined && advice !== undefined) notes.push(adviceText(advice));
  const run: KeptRun = { spec, recipe, setup: { ...setup, images: await digestOf(...listOf(sets)) } };
  return {
    ...run,
    ...sets,
    notes: [...notes, ...sets.notes],
    init,
    createFolder: async () =>
      await ModelFolder.create(out, run, {
        schemas: { spec: schemaSeenFrom(join(out, "spec.yaml")), recipe: recipeSchemaSeenFrom(join(out, "training")) },
        validation: setup.val === "split" && sets.validation ? await listFile(sets.validation, spec) : undefined,
      }),
  };
}

function adviceText({ each, recipe, needsInit }: RecipeAdvice): string {
  return needsInit
    ? `About ${each} images per class are too few to start from random weights: --init MODEL --recipe ${recipe} starts ` +
      "from the weights of a model with the same architecture"
    : `For trained weights and about ${each} images per class, --recipe ${recipe} is better`;
}

/**
 * Prepares to resume a run.
 *
 * @throws {UsageError} If options would change it.
 * @throws {RanetError} If the folder contains no run, or its images are missing or have changed.
 */
export async function resumedJob({ operands, options, flags }: Call<TrainOption>): Promise<TrainJob> {
  const others = Object.keys(options).filter((name) => !BESIDE_RESUME.includes(name as TrainOption));
  const extra = [...operands, ...others.map((name) => `--${name}`), ...[...flags].map((flag) => `--${flag}`)]
    .filter((word) => word !== "--json");
  if (extra.length > 0) {
    const out = options.resume!;
    const longer = LONGER.includes(extra[0])
      ? `. To train its model further, start another run from it: ranet train ${out} --init ${out} --recipe fine-tune ` +
        `${extra[0]} ${options[extra[0].slice(2) as TrainOption]} --data DATASET --out ANOTHER`
      : "";
    throw new UsageError(
      `Cannot use ${extra[0]} with --resume: a resumed run keeps its settings and its schedule of rates${longer}`,
    );
  }
  const { folder, run, snapshot } = await ModelFolder.open(options.resume!);
  try {
    const before = { ...run.setup, ...placeOf(options, run.setup) };
    const setup = { ...before, ...moved(before, options) };
    const advice =
      `Specify their new location (--resume ${options.resume} --data DATASET), or start a new run from its weights ` +
      `(--init ${options.resume})`;
    const sets = await openSets(run.spec, run.recipe, setup).catch((error) => {
      if (!(error instanceof RanetError)) throw error;
      throw new RanetError(`${error.message}. ${advice}`, { code: error.code, cause: error });
    });
    if (await digestOf(...listOf(sets)) !== setup.images) {
      throw new RanetError(
        `Cannot resume: the images in ${JSON.stringify(setup.data)} are not those of this run. ${advice}`,
      );
    }
    if (setup.data !== run.setup.data || setup.val !== run.setup.val) await folder.move(setup);
    return { ...run, setup, ...sets, snapshot, folder, createFolder: () => Promise.resolve(folder) };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** The new location of images. Validation images below the folder of the training images have moved with it. */
function moved(
  { data, val }: Pick<RunSetup, "data" | "val">,
  options: Call<TrainOption>["options"],
): Pick<RunSetup, "data" | "val"> {
  const to = options.data === undefined ? data : resolve(options.data);
  if (options.val !== undefined && (val === "split" || val === "none")) {
    throw new UsageError(`Cannot use --val with --resume: the run ${val === "none" ? "has none" : "set images aside"}`);
  }
  if (options.val !== undefined) return { data: to, val: resolve(options.val) };
  if (val === data) return { data: to, val: to };
  const inside = val === "split" || val === "none" ? "" : relative(data, val);
  const isBelow = inside !== "" && !inside.startsWith("..") && !isAbsolute(inside);
  return { data: to, val: isBelow ? join(to, inside) : val };
}

/** The device of a run, and its memory for images. */
function placeOf(
  { device, threads, cache }: Call<TrainOption>["options"],
  before?: RunSetup,
): Pick<RunSetup, "device" | "threads" | "cache"> {
  return {
    device: device === undefined && before ? before.device : deviceChoice(device),
    threads: threads === undefined ? before?.threads : count("threads", threads),
    cache: cache === undefined ? before?.cache ?? DEFAULT_CACHE : cache === "0" ? 0 : readAmount(cache, "cache"),
  };
}

async function readWantedRecipe(options: Call<TrainOption>["options"]): Promise<Recipe> {
  const { epochs, steps, batch, rate, seed } = options;
  const recipe = await readRecipe(options.recipe ?? DEFAULT_RECIPE);
  const whole = (name: TrainOption, text?: string) => text === undefined ? undefined : count(name, text);
  return changeRecipe(recipe, {
    epochs: whole("epochs", epochs),
    steps: whole("steps", steps),
    batch: whole("batch", batch),
    learningRate: rate === undefined ? undefined : readNumber("rate", rate),
    seed: seed === undefined ? undefined : readNumber("seed", seed),
  });
}

function readNumber(option: string, text: string): number {
  const value = /^[\d.]+(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (Number.isFinite(value)) return value;
  throw new RanetError(`Cannot use --${option} ${JSON.stringify(text)}: expected a number`);
}

/** The folder of validation images below the one of `--data`. */
async function validationBelow(data: string, labels: readonly string[]): Promise<string | undefined> {
  if (await isDirectory(data)) {
    return await hasParquetOf("validation", data) ? data : await findValidation(data, labels);
  }
  if (LIST_FILE.test(data)) return await hasLinesOf("validation", data, labels) ? data : undefined;
  return ARRAY_ARCHIVE.test(data) && await hasArraysOf("validation", data) ? data : undefined;
}

async function openSets(
  spec: ArchitectureSpec,
  recipe: Recipe,
  { data, val, skipBad, allowOutside, labels: readLabels }: Pick<
    RunSetup,
    "data" | "val" | "skipBad" | "allowOutside" | "labels"
  >,
): Promise<Pick<TrainJob, "training" | "validation" | "notes">> {
  const shared = { inputSize: spec.input.size, channels: spec.input.mean.length, skipBad, allowOutside, readLabels };
  const whole = await openDataset(data, { ...shared, labels: spec.classes, part: "training" });
  const { classes: labels } = nameClassesOf(spec, whole);
  const held = val === "split" || val === "none"
    ? undefined
    : await openDataset(val, { ...shared, labels, part: "validation" });
  const notes = [whole, ...held ? [held] : []].flatMap((
    { notes = [], bad },
  ) => [...notes, ...bad.map((message) => `Skipped: ${message}`)]);
  if (val !== "split") return { training: whole, validation: held, notes };
  const { training, validation } = await splitDataset(whole, { seed: recipe.seed });
  if (validation.size === 0) {
    throw new RanetError(
      `Cannot set images aside for validation: no class in ${
        JSON.stringify(data)
      } has two images. Specify other images ` +
        "with --val, or use --val none",
    );
  }
  return { training, validation, notes };
}

function listOf({ training, validation }: Pick<TrainJob, "training" | "validation">): Dataset[] {
  return validation ? [training, validation] : [training];
}

/** The list of images that were set aside, which `calibrate` and `eval` can read. */
async function listFile(validation: Dataset, { classes }: ArchitectureSpec): Promise<string> {
  const labels = await validation.labels();
  return csv(
    ["path", "class name"], // so that numeric names are not read as indexes
    Array.from({ length: validation.size }, (_, index) => [validation.origin(index), classes[labels[index]]]),
  );
}

function recipeSchemaSeenFrom(folder: string): string {
  const schema = new URL("../../recipes/recipe.schema.json", import.meta.url);
  if (isUrl(schema.href)) return schema.href;
  return relative(resolve(folder), fileURLToPath(schema)).replaceAll("\\", "/");
}
