/**
 * Models: an architecture with its trained weights, found by name, directory or file.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { buildNetwork } from "../network/build.ts";
import type { CommonSpec } from "../network/common.ts";
import type { Network } from "../network/network.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { parseSpec } from "../spec/parse.ts";
import { checkTensors } from "../weights/check.ts";
import { digestTensors } from "../weights/digest.ts";
import { divideLogits } from "../weights/temperature.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { Tensor } from "../weights/tensor.ts";
import { inFolder, isUrl, placeName, toPlace } from "../io/place.ts";
import { readBundled, readResource } from "../io/resource.ts";
import { type ModelArchive, readArchive } from "./archive.ts";
import { parseTemperatures, readTemperatures, temperaturesPath } from "./temperatures.ts";

/** An architecture with trained weights, ready to run. */
export interface Model {
  /** Its architecture's name. */
  readonly name: string;
  /** Its architecture, as far as all families have it. */
  readonly spec: CommonSpec;
  /** The network of that architecture. */
  readonly network: Network;
  /** All its parameters as trained, under the names of the authors' PyTorch code; classifiers divided by temperatures. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What each exit's logits are divided by, for confidences that are right; missing if they are as trained. */
  readonly temperatures?: readonly number[];
}

/** The model used where none is named. */
export const DEFAULT_MODEL = "ranet-cifar10";

/** Models that come with the library: architectures with weights and calibrations. */
export const BUNDLED_MODELS: readonly string[] = [DEFAULT_MODEL, "ranet-cifar10-micro"];

/** Architectures that come with the library; {@linkcode BUNDLED_MODELS} come with weights too. */
export const BUNDLED_SPECS: readonly string[] = [
  "ranet-cifar10",
  "ranet-cifar10-four-features",
  "ranet-cifar10-micro",
  "ranet-cifar10-upconv",
  "ranet-cifar100",
  "ranet-imagenet-c32",
  "ranet-imagenet-c64",
  "ranet-tiny-imagenet",
  "msdnet-anytime-cifar100",
  "msdnet-batch-cifar100",
  "msdnet-imagenet-step4",
  "msdnet-imagenet-step6",
  "msdnet-imagenet-step7",
];

/** Largest weights file that is read, in bytes. */
const MAX_WEIGHTS_BYTES = 2 ** 31;
/** Largest spec that is read, in bytes. */
const MAX_SPEC_BYTES = 2 ** 18;

/**
 * Reads an architecture.
 *
 * @param nameOrPath A bundled name, or the path or URL of a YAML file (`https:`, `file:`, `data:`, `blob:`), or of a model's
 * zip archive, which ends in `.zip`.
 * @returns The complete architecture.
 * @throws {RanetError} If there is no such file, or it is not a valid spec.
 *
 * @example
 * ```ts
 * import { readSpec } from "@ranet/ranet";
 *
 * const spec = await readSpec("ranet-cifar10");
 * console.log(spec.family, spec.classes.length); // "ranet" 10
 * ```
 */
export async function readSpec(nameOrPath: string | URL): Promise<ArchitectureSpec> {
  const archive = await readArchive(nameOrPath);
  if (archive) return specOf(archive);
  const place = toPlace(nameOrPath);
  const source = placeName(place);
  const parse = (bytes: Uint8Array) => parseSpec(decodeText(bytes, source), { source });
  if (BUNDLED_SPECS.includes(place)) return await readBundled(`specs/${place}.yaml`, parse);
  return parse(await readResource(checkName(place), { maxBytes: MAX_SPEC_BYTES }));
}

/** Where a model's weights are. */
export interface LoadModelOptions {
  /** Path or URL of a safetensors file to take instead of the model's own. */
  readonly weights?: string | URL;
  /** Whether to use the temperatures beside the weights, if there are any, on disk or on the web. Default: yes. */
  readonly calibrated?: boolean;
}

/**
 * Loads a model. What comes with the library is fetched once, if the library itself came over the network; what is named
 * by a URL is fetched each time.
 *
 * @param name One of {@linkcode BUNDLED_MODELS}, which come with weights; another bundled name, with `weights`;
 * a directory with `spec.yaml` and `weights.safetensors`, or the URL of one, which ends in `/`; a zip archive of such a
 * directory, by its path or URL, which ends in `.zip`, or as a `Blob`; or the path or URL of a spec file, with `weights`.
 * @param options Where the weights are, if not with the model.
 * @returns The model, for `AdaptiveExecutor.create`.
 * @throws {RanetError} If a file is missing or invalid, or the weights are not of this architecture.
 *
 * @example
 * ```ts
 * import { loadModel } from "@ranet/ranet";
 *
 * const model = await loadModel("ranet-cifar10");
 * console.log(model.spec.classes[0]); // "airplane"
 * ```
 */
export async function loadModel(name: string | URL | Blob, options: LoadModelOptions = {}): Promise<Model> {
  const archive = await readArchive(name);
  const place = archive?.source ?? toPlace(name as string | URL);
  const directory = !archive && await isDirectory(place);
  const spec = archive ? specOf(archive) : await readSpec(directory ? inFolder(place, "spec.yaml") : place);
  const weights = options.weights === undefined ? undefined : toPlace(options.weights);
  const file = weights ?? (directory ? inFolder(place, "weights.safetensors") : undefined);
  if (file === undefined && !archive && !BUNDLED_MODELS.includes(place)) {
    throw new RanetError(
      `Cannot load model ${
        placeName(place)
      }: it comes without weights. Give them (--weights FILE.safetensors), name a ` +
        `directory with spec.yaml and weights.safetensors, or use ${BUNDLED_MODELS.join(" or ")}.`,
    );
  }
  const source = placeName(file ?? place);
  const read = (bytes: Uint8Array) => readSafetensors(bytes, { source }).tensors;
  const tensors = file !== undefined
    ? read(await readResource(file, { maxBytes: MAX_WEIGHTS_BYTES }))
    : archive
    ? read(archive.files["weights.safetensors"])
    : await readBundled(`weights/${place}.safetensors`, read);
  if (options.calibrated === false) return createModel(spec, tensors, { source });
  const parse = (bytes: Uint8Array) => parseTemperatures(bytes, place);
  const packed = archive?.files["temperatures.json"];
  const found = file !== undefined
    ? await readTemperatures(file)
    : archive
    ? packed && parse(packed)
    : await readBundled(`weights/${place}.temperatures.json`, parse);
  if (found && found.weights !== await digestTensors(tensors)) {
    throw new RanetError(
      `Cannot use the temperatures in ${temperaturesPath(file ?? place)}: they are of other weights. ` +
        "Remove the file, or fit them again: ranet calibrate DATASET --temperature",
    );
  }
  const model = createModel(spec, tensors, { source });
  return found ? withTemperatures(model, found.temperatures) : model;
}

/**
 * Makes a model of an architecture and its tensors.
 *
 * @param spec A validated architecture.
 * @param tensors All its parameters, under the names of the authors' PyTorch code, without `module.`.
 * @param options `source`: where the tensors come from, for messages.
 * @returns The model, for `AdaptiveExecutor.create`.
 * @throws {RanetError} If tensors are missing, unexpected or misshapen; by name.
 *
 * @example A network that the authors' code trained
 * ```ts
 * import { createModel, parseSpec, readCheckpoint, specFromOfficialFlags } from "@ranet/ranet";
 *
 * const source = "tests/fixtures/reference/cifar10-lg/checkpoint.pth.tar";
 * const flags = "--arch RANet --data cifar10 --nChannels 4 --growthRate 4 --step 2 --stepmode lg";
 * const tensors = readCheckpoint(await Deno.readFile(source), { source });
 * const model = createModel(parseSpec(specFromOfficialFlags(flags)), tensors, { source });
 * console.log(model.network.exits.length); // 6
 * ```
 */
export function createModel(
  spec: ArchitectureSpec,
  tensors: ReadonlyMap<string, Tensor>,
  options: { source: string },
): Model {
  const network = buildNetwork(spec);
  checkTensors(network, tensors, options);
  return { name: spec.name, spec, network, tensors };
}

/**
 * Makes a model's confidences as right as they say: the logits of each exit are divided by a temperature.
 *
 * @param model A model without temperatures.
 * @param temperatures One per exit, above 0 (see `fitTemperatures`).
 * @returns The model with them: other confidences, the same answers at the same cost.
 * @throws {RanetError} If the model has temperatures already, or there are not as many as exits.
 *
 * @example
 * ```ts
 * import { loadModel, withTemperatures } from "@ranet/ranet";
 *
 * const plain = await loadModel("ranet-cifar10", { calibrated: false });
 * const humbler = withTemperatures(plain, plain.network.exits.map(() => 1.2));
 * console.log(humbler.temperatures);
 * ```
 */
export function withTemperatures(model: Model, temperatures: readonly number[]): Model {
  const { name, network, tensors } = model;
  if (model.temperatures) throw new RanetError(`Cannot give ${name} temperatures: it has some already`);
  if (temperatures.length !== network.exits.length || !temperatures.every((one) => one > 0 && one < Infinity)) {
    throw new RanetError(
      `Cannot give ${name} temperatures: expected ${network.exits.length} numbers above 0, one per exit, ` +
        `found ${temperatures.join(", ")}`,
    );
  }
  return { ...model, tensors: divideLogits(network, tensors, temperatures), temperatures };
}

function specOf({ files, source }: ModelArchive): ArchitectureSpec {
  const name = `spec.yaml in ${source}`;
  return parseSpec(decodeText(files["spec.yaml"], name), { source: name });
}

/** Whether a model is named by the directory that it is in; a URL of one ends in `/`. */
export async function isDirectory(place: string): Promise<boolean> {
  if (BUNDLED_SPECS.includes(place)) return false;
  if (isUrl(place)) return /^https?:/i.test(place) && new URL(place).pathname.endsWith("/");
  try {
    return (await Deno.stat(place)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A bare word is meant to be a bundled name. */
function checkName(nameOrPath: string): string {
  if (/[./\\]/.test(nameOrPath) || isUrl(nameOrPath)) return nameOrPath;
  throw new RanetError(
    `Cannot find "${nameOrPath}": expected a path, such as ./${nameOrPath} or ${nameOrPath}.yaml, or one of ` +
      `${BUNDLED_SPECS.join(", ")}.`,
  );
}

function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RanetError(`Cannot read spec ${source}: it is not UTF-8 text`);
  }
}
