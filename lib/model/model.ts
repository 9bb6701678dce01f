/**
 * Models: an architecture with its trained weights, found by name, directory or file.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { ModelPrecision } from "../device/precision.ts";
import { buildNetwork } from "../network/build.ts";
import type { CommonSpec } from "../network/common.ts";
import type { Network } from "../network/network.ts";
import { type ArchitectureSpec, SPEC_PARTS } from "../network/architecture.ts";
import { matchClasses } from "../spec/classes.ts";
import { checkTensors, parameterNames } from "../weights/check.ts";
import { digestTrained } from "../weights/digest.ts";
import { whileReading } from "../weights/messages.ts";
import { pickWeights } from "../weights/names.ts";
import { isQuantized, parseQuantized } from "../weights/quantized.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { Tensor } from "../weights/tensor.ts";
import { exists } from "../io/exists.ts";
import { withFile } from "../io/files.ts";
import { inFolder, isUrl, placeName, toPlace } from "../io/place.ts";
import { readBundled } from "../io/resource.ts";
import { readArchive } from "./archive.ts";
import { BUNDLED_MODELS, isDirectory, readSpec, specOf } from "./read_spec.ts";
import { parseTemperatures, readTemperatures, temperaturesPath } from "./temperatures.ts";
import { readWeightsFile } from "./weights_file.ts";
import { expectArray, expectMap, expectObject, expectPlace } from "../text/expect.ts";

/** An architecture with trained weights, ready to run. */
export interface Model {
  /** Its architecture's name. */
  readonly name: string;
  /** The part of its architecture that all families share. */
  readonly spec: CommonSpec;
  /** The network of that architecture. */
  readonly network: Network;
  /**
   * All its parameters as trained, with the names of the authors' PyTorch code; for a quantized model, the tensors of
   * its file.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /**
   * Temperatures by which each exit's logits are divided when the model is run or exported, to calibrate confidences;
   * missing if logits are used as trained.
   */
  readonly temperatures?: readonly number[];
}

/** Options of {@linkcode loadModel}. */
export interface LoadModelOptions {
  /** Path or URL of a safetensors file or PyTorch checkpoint to use instead of the model's own. */
  readonly weights?: string | URL;
  /** The key of a checkpoint's state_dict. Default: `state_dict`, or the only key with tensors. */
  readonly key?: string;
  /**
   * `int8`: load the 8-bit weights of a bundled model; any other model must already be quantized (see `quantize`).
   * Other values require floating-point weights. Default: the model's own precision; floating point for bundled models.
   */
  readonly precision?: ModelPrecision;
  /** Called with notes about the weights, such as removed prefixes of names or the key that was used. Default: none. */
  readonly onNote?: (note: string) => void;
  /** Whether to use the temperatures beside the weights, if there are any, on disk or on the web. Default: yes. */
  readonly calibrated?: boolean;
}

/**
 * Loads a model. Bundled files are fetched once if the library was imported over the network; URLs are fetched each
 * time.
 *
 * @param name One of {@linkcode BUNDLED_MODELS}, which come with weights; another bundled name, with `weights`; a
 * directory with `spec.yaml` and `weights.safetensors`, or the URL of one, which ends in `/`; a zip archive of such a
 * directory, by its path or URL, which ends in `.zip`, or as a `Blob`; or the path or URL of a spec file, with
 * `weights`.
 * @param options Where the weights are, if not with the model.
 * @returns The model, for `AdaptiveExecutor.create`.
 * @throws {RanetError} If a file is missing or invalid, or the weights do not fit the architecture.
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
  expectPlace("loadModel", { name });
  expectObject("loadModel", { options });
  const archive = await readArchive(name);
  const place = archive?.source ?? toPlace(name as string | URL);
  const called = placeName(place);
  const directory = !archive && await isDirectory(place);
  if (!directory && /\.(onnx|safetensors|pth|pt|tar)$/i.test(place)) {
    throw new RanetError(
      `Cannot load model ${called}: it is not a spec. Specify the model's directory, or its spec and this file as ` +
        "its weights. ONNX files can be written but not read.",
      /\.onnx$/i.test(place) ? { code: "unsupported" } : { remedy: { model: "SPEC.yaml", weights: place } },
    );
  }
  const spec = archive ? specOf(archive) : await readSpec(place);
  const weights = options.weights === undefined ? undefined : toPlace(options.weights);
  const file = weights ?? (directory ? await weightsIn(place) : undefined);
  if (file === undefined && !archive && !BUNDLED_MODELS.includes(place)) {
    throw new RanetError(
      `Cannot load model ${called}: it has no weights. Specify them, or a directory with spec.yaml and ` +
        `weights.safetensors, or use ${BUNDLED_MODELS.join(" or ")}.`,
      { code: "not-found", remedy: { weights: "FILE.safetensors" } },
    );
  }
  const source = placeName(file ?? place);
  const bundled = bundledName(place, options.precision);
  const { key, onNote } = options;
  const expected = parameterNames(buildNetwork(spec));
  const onClasses = (given: readonly string[]) => checkOrder(spec.classes, given, source);
  const read = (bytes: Uint8Array) => readSafetensors(bytes, { source }).tensors;
  const tensors = file !== undefined
    ? await readWeightsFile(file, { expected, key, onNote, onClasses })
    : archive
    ? read(archive.files["weights.safetensors"])
    : await readBundled(`weights/${bundled}.safetensors`, read);
  const plain = createModel(spec, tensors, { source });
  precisionOf(plain, options.precision);
  if (options.calibrated === false) return plain;
  const parse = (bytes: Uint8Array) => parseTemperatures(bytes, place);
  const packed = archive?.files["temperatures.json"];
  const found = file !== undefined
    ? await readTemperatures(file)
    : archive
    ? packed && parse(packed)
    : await readBundled(`weights/${bundled}.temperatures.json`, parse);
  if (found && found.weights !== await digestTrained(plain)) {
    throw new RanetError(
      `Cannot use the temperatures in ${
        temperaturesPath(file ?? place)
      }: they belong to other weights, or to exits with ` +
        "different boosting. Remove the file, or fit them again.",
      { code: "mismatch" },
    );
  }
  return found ? withTemperatures(plain, found.temperatures) : plain;
}

/** Base name of a bundled model's files. */
export function bundledName(name: string, precision?: ModelPrecision): string {
  return precision === "int8" ? `${name}.int8` : name;
}

/**
 * The precision in which a model computes.
 *
 * @param wanted The requested precision. Default: the model's.
 * @throws {RanetError} If the model does not have that precision.
 */
export function precisionOf(
  { name, tensors }: Pick<Model, "name" | "tensors">,
  wanted?: ModelPrecision,
): ModelPrecision {
  if (isQuantized(tensors)) {
    if (wanted === undefined || wanted === "int8") return "int8";
    throw new RanetError(
      `Cannot compute ${name} in ${wanted}: its weights have 8 bits. Omit the precision, or use the model from which ` +
        "it was made",
      { code: "mismatch" },
    );
  }
  if (wanted !== "int8") return wanted ?? "float32";
  throw new RanetError(
    `Cannot compute ${name} in int8: its weights are in floating point. Quantize the model first, with a few hundred ` +
      "images",
    { code: "mismatch", remedy: { quantize: true } },
  );
}

/**
 * Creates a model from an architecture and tensors.
 *
 * @param spec A validated architecture.
 * @param tensors All parameters, with the names of the authors' PyTorch code; prefixes of wrappers (`module.`) are
 * removed. Or the tensors of a quantized model.
 * @param options `source`: name of the tensors in messages. `onNote`: called with notes about changed names.
 * @returns The model, for `AdaptiveExecutor.create`.
 * @throws {RanetError} If tensors are missing, unexpected or have the wrong shape; names them.
 *
 * @example A network that the authors' code trained
 * ```ts
 * import { createModel } from "@ranet/ranet";
 * import { parseSpec, specFromOfficialFlags } from "@ranet/ranet/spec";
 * import { readCheckpoint } from "@ranet/ranet/weights";
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
  options: { readonly source: string; readonly onNote?: (note: string) => void },
): Model {
  expectObject("createModel", { spec }, ...SPEC_PARTS);
  expectMap("createModel", { tensors });
  expectObject("createModel", { options }, "source");
  const network = buildNetwork(spec);
  if (isQuantized(tensors)) {
    parseQuantized(network, tensors, options);
    return { name: spec.name, spec, network, tensors };
  }
  const picked = whileReading(
    options.source,
    () => pickWeights(tensors, () => "floats", { expected: parameterNames(network), onNote: options.onNote }),
  );
  checkTensors(network, picked, options);
  return { name: spec.name, spec, network, tensors: picked };
}

/**
 * Adds temperatures to a model: the logits of each exit are divided by one, so that confidences are calibrated.
 *
 * @param model A model without temperatures.
 * @param temperatures One per exit, above 0 (see `fitTemperatures`).
 * @returns A model with other confidences, but the same predictions of every exit.
 * @throws {RanetError} If the model already has temperatures, or their number differs from the number of exits.
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
  expectObject("withTemperatures", { model }, "network", "tensors");
  expectArray("withTemperatures", { temperatures });
  const { name, network } = model;
  if (model.temperatures) throw new RanetError(`${name} already has temperatures`);
  if (temperatures.length !== network.exits.length || !temperatures.every((one) => one > 0 && one < Infinity)) {
    throw new RanetError(
      `Cannot give ${name} temperatures: expected ${network.exits.length} numbers above 0, one per exit, ` +
        `found ${temperatures.join(", ")}`,
    );
  }
  return { ...model, temperatures };
}

/** Refuses the same class names in another order. Different names are allowed, for example in another language. */
function checkOrder(classes: readonly string[], given: readonly string[], source: string): void {
  const moved = matchClasses(classes, given).indexes.findIndex((index, i) => index >= 0 && index !== i);
  if (moved < 0) return;
  throw new RanetError(
    `Cannot use the weights ${source}: ${classes[moved]} is class ${moved} of the spec and class ` +
      `${given.indexOf(classes[moved])} of the weights, whose classes are ${given.slice(0, 20).join(", ")}` +
      `${given.length > 20 ? ", …" : ""}. Use the order of the weights in the spec`,
    { code: "mismatch" },
  );
}

/** The file of a directory's weights. @throws {RanetError} If it is missing, but similar files exist. */
async function weightsIn(directory: string): Promise<string> {
  const usual = inFolder(directory, "weights.safetensors");
  if (isUrl(directory) || await withFile(usual, () => exists(usual))) return usual;
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (isFile && /\.(safetensors|pth|pt|tar|bin)$/i.test(name)) names.push(name);
  }
  if (names.length === 0) return usual;
  const others = names.sort().slice(0, 5).join(", ");
  throw new RanetError(
    `Cannot load model ${directory}: it has no weights.safetensors, but ${others}. Rename that file, or specify it ` +
      "as the weights.",
    { code: "not-found", remedy: { weights: inFolder(directory, names[0]) } },
  );
}
