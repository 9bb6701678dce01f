/**
 * The folder of a run: a model that every command accepts, and in `training/` the logs and the state to resume from.
 * Every file is written completely or not at all. Only one run at a time can use the folder.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import type { Calibration } from "../calibration/calibration.ts";
import { formatCalibrations, readCalibrationFile, withCalibration } from "../calibration/calibration_file.ts";
import { exists } from "../io/exists.ts";
import { makeFolder } from "../io/folders.ts";
import { writeFiles } from "../io/write_files.ts";
import { readBoundedFile } from "../io/files.ts";
import { RanetError } from "../errors.ts";
import { loadModel, type Model } from "../model/model.ts";
import { formatTemperatures } from "../model/temperatures.ts";
import { buildNetwork } from "../network/build.ts";
import type { Network } from "../network/network.ts";
import { standalone } from "../report/plots.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { parseSpec } from "../spec/parse.ts";
import { specTemplate } from "../spec/template.ts";
import { digestModel } from "../weights/digest.ts";
import { weightsMetadata } from "../weights/metadata.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import { calibrations } from "./budgets.ts";
import { curvesPlot } from "./curves.ts";
import { epochsTable, stepLine, stepsHeader, stepsUpTo } from "./logs.ts";
import { type Snapshot, weightsOf } from "./loop.ts";
import { formatRecipe, parseRecipe, type Recipe } from "./recipe.ts";
import { RUN_FILES as FILES } from "./run_files.ts";
import { bestEpoch, type Position, type StepRecord } from "./records.ts";
import { parseSetup, type RunSetup } from "./run_setup.ts";
import type { Calibrated } from "./session.ts";
import { formatState, parseState } from "./state_file.ts";
import { trainingReport } from "./training_report.ts";
import type { ValidationOutcomes } from "./validate.ts";

/** Size limit of weights files in bytes. */
const MAX_STATE_BYTES = 2 ** 33;
/** Size limit of text files in bytes. */
const MAX_TEXT_BYTES = 2 ** 28;

/** A stored run. */
export interface KeptRun {
  /** The architecture. */
  readonly spec: ArchitectureSpec;
  /** The recipe. */
  readonly recipe: Recipe;
  /** Data and device. */
  readonly setup: RunSetup;
}

/** Text of the files that are written once. */
export interface FolderTexts {
  /** Paths of the schemas for editors, relative to `spec.yaml` and to `training/recipe.yaml`. */
  readonly schemas: { readonly spec: string; readonly recipe: string };
  /** The list of images that were set aside, as CSV. */
  readonly validation?: string;
}

/** The folder of a run. */
export class ModelFolder implements Disposable {
  /** Path of the folder. */
  readonly path: string;
  readonly #lock: Deno.FsFile;
  readonly #run: KeptRun;
  readonly #network: Network;
  /** Files that are written with the first snapshot, so that a run that has saved nothing leaves no files. */
  #first?: readonly (readonly [path: string, text: string])[];
  #newSteps: string[] = [];

  private constructor(path: string, lock: Deno.FsFile, run: KeptRun, first: FolderTexts | undefined) {
    this.path = path;
    this.#lock = lock;
    this.#run = run;
    this.#network = buildNetwork(run.spec);
    this.#first = first && [
      [FILES.spec, specTemplate(run.spec, { schema: first.schemas.spec })],
      [FILES.recipe, formatRecipe(run.recipe, { schema: first.schemas.recipe })],
      [FILES.setup, `${JSON.stringify(run.setup, null, 2)}\n`],
      ...first.validation === undefined ? [] : [[FILES.validation, first.validation] as const],
    ];
  }

  /**
   * Checks that a new run may use a folder.
   *
   * @throws {RanetError} If it contains a model.
   */
  static async refuseUsed(path: string): Promise<void> {
    for (const file of [FILES.setup, FILES.spec, FILES.weights]) {
      const found = await Deno.stat(join(path, file)).catch(() => undefined);
      if (!found) continue;
      throw new RanetError(
        `Cannot train into ${JSON.stringify(path)}: it already contains ${file}. ` +
          `${file === FILES.setup ? "Resume its run, choose" : "Choose"} another folder, or replace it`,
        { remedy: [...file === FILES.setup ? [{ resume: path }] : [], { out: "OTHER" }, { force: true }] },
      );
    }
  }

  /**
   * Creates the folder of a new run. It stays empty until the first snapshot is saved.
   *
   * @throws {RanetError} If another run uses it.
   */
  static async create(path: string, run: KeptRun, texts: FolderTexts): Promise<ModelFolder> {
    return new ModelFolder(path, await lock(path), run, texts);
  }

  /**
   * Opens a folder to resume its run.
   *
   * @throws {RanetError} If it contains no run, another process uses it, or a file in it is damaged.
   */
  static async open(
    path: string,
  ): Promise<{ readonly folder: ModelFolder; readonly run: KeptRun; snapshot: Snapshot }> {
    const setupFile = await Deno.stat(join(path, FILES.setup)).catch(() => undefined);
    if (!setupFile) {
      throw new RanetError(`Cannot resume ${JSON.stringify(path)}: it contains no training run (${FILES.setup})`);
    }
    const held = await lock(path);
    try {
      const text = async (file: string) =>
        new TextDecoder().decode(await readBoundedFile(join(path, file), MAX_TEXT_BYTES));
      const run = {
        spec: parseSpec(await text(FILES.spec), { source: join(path, FILES.spec) }),
        recipe: parseRecipe(await text(FILES.recipe), { source: join(path, FILES.recipe) }),
        setup: parseSetup(await text(FILES.setup), join(path, FILES.setup)),
      };
      const folder = new ModelFolder(path, held, run, undefined);
      const state = await readBoundedFile(join(path, FILES.state), MAX_STATE_BYTES);
      const snapshot = parseState(state, folder.#network, join(path, FILES.state));
      const steps = stepsUpTo(await text(FILES.steps), snapshot.position.step);
      await writeFiles([[join(path, FILES.steps), new TextEncoder().encode(steps)]]);
      return { folder, run, snapshot };
    } catch (error) {
      held.close();
      throw error;
    }
  }

  /** Whether there is a snapshot to resume from. */
  get hasSaved(): boolean {
    return this.#first === undefined;
  }

  /** Logs a step, which is written with the next snapshot. */
  addStep(step: StepRecord): void {
    this.#newSteps.push(stepLine(step));
  }

  /** Writes a snapshot and its weights, and after a complete epoch its report. */
  async save(snapshot: Snapshot): Promise<void> {
    const { epochs, sums } = snapshot.position;
    const texts = new Map<string, string>();
    const newSteps = this.#newSteps.join("");
    this.#newSteps = [];
    if (this.#first) {
      for (const [file, text] of this.#first) texts.set(file, text);
      texts.set(FILES.steps, stepsHeader(this.#network.exits.length) + newSteps);
    } else {
      // Logs are written before the state. When a run is resumed, lines after the saved state are removed.
      await Deno.writeTextFile(join(this.path, FILES.steps), newSteps, { append: true });
    }
    const isWholeEpoch = sums.images === 0 && epochs.length > 0;
    if (isWholeEpoch) {
      texts.set(FILES.log, epochsTable(epochs, this.#network.exits.length));
      texts.set(FILES.curves, standalone(curvesPlot(epochs)));
    }
    const isKept = this.#run.setup.keep === "last" || (isWholeEpoch && bestEpoch(epochs) === epochs.at(-1));
    // Files of a replaced model are removed; calibrations are only valid for their own weights.
    const stale = this.#first ? Object.values(FILES) : isKept ? [FILES.calibration, FILES.temperatures] : [];
    await this.#remove(stale.filter((file) => file !== FILES.lock));
    await this.#write(texts, [
      ...isKept ? [[FILES.weights, this.#weights(snapshot)] as const] : [],
      [FILES.state, formatState(snapshot)],
    ]);
    this.#first = undefined;
  }

  /** Writes the new location of the run's images. */
  async move(setup: RunSetup): Promise<void> {
    await this.#write(new Map([[FILES.setup, `${JSON.stringify(setup, null, 2)}\n`]]));
  }

  /** The model with the weights that are kept. */
  async model(): Promise<Model> {
    return await loadModel(this.path);
  }

  /**
   * Writes the files at the end of a run: the report, temperatures, and thresholds for round budgets. Existing
   * thresholds for the same weights are kept.
   *
   * @param position The position at the end of the run.
   * @param about Results of the kept weights on the validation images, and the names of the training images and device.
   */
  async finish({ epochs }: Position, about: {
    readonly validation?: ValidationOutcomes;
    readonly calibrated?: Calibrated;
    readonly device: string;
    readonly images: number;
  }): Promise<void> {
    const { recipe, setup } = this.#run;
    const { calibrated } = about;
    const texts = new Map<string, string>();
    texts.set(
      FILES.report,
      trainingReport({ ...about, network: this.#network, epochs, recipe: formatRecipe(recipe) }),
    );
    if (calibrated) {
      const { model, measured, temperatures } = calibrated;
      const name = setup.val === "split" ? `${basename(setup.data)}, images set aside` : basename(setup.val);
      const before = await this.#calibrationsOf(model);
      const made = await calibrations(model, measured, name);
      texts.set(FILES.calibration, formatCalibrations(before.reduce(withCalibration, made)));
      if (temperatures) texts.set(FILES.temperatures, formatTemperatures(temperatures));
    }
    await this.#write(texts);
  }

  /** The existing thresholds for a model's weights and temperatures. */
  async #calibrationsOf(model: Model): Promise<readonly Calibration[]> {
    const path = join(this.path, FILES.calibration);
    if (!await exists(path)) return [];
    const digest = await digestModel(model);
    return (await readCalibrationFile(path)).filter(({ weights }) => weights === digest);
  }

  /** Releases the folder; if nothing was saved, it is removed. */
  [Symbol.dispose](): void {
    this.#lock.close();
    const remove = (path: string) => {
      try {
        Deno.removeSync(path);
      } catch {
        // It contains other files, or another run uses it.
      }
    };
    if (!this.#first) return;
    remove(join(this.path, FILES.lock));
    remove(join(this.path, "training"));
    remove(this.path);
  }

  async #remove(files: readonly string[]): Promise<void> {
    for (const file of files) await Deno.remove(join(this.path, file)).catch(() => {});
  }

  #weights(snapshot: Snapshot): Uint8Array {
    return writeSafetensors(weightsOf(snapshot, this.#run.recipe), { metadata: weightsMetadata(this.#run.spec) });
  }

  async #write(
    texts: ReadonlyMap<string, string>,
    files: readonly (readonly [path: string, bytes: Uint8Array])[] = [],
  ): Promise<void> {
    const encoder = new TextEncoder();
    const encoded = Array.from(texts, ([path, text]) => [path, encoder.encode(text)] as const);
    await writeFiles([...encoded, ...files].map(([path, bytes]) => [join(this.path, path), bytes] as const));
  }
}

/** Locks a folder for this process. The operating system releases the lock when the process ends for any reason. */
async function lock(path: string): Promise<Deno.FsFile> {
  const file = join(path, FILES.lock);
  await makeFolder(dirname(file));
  const held = await Deno.open(file, { write: true, create: true });
  if (await held.tryLock(true)) return held;
  held.close();
  throw new RanetError(`Cannot train into ${JSON.stringify(path)}: another process is training into it`);
}
