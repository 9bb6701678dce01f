/**
 * Finds and reads architectures by name, directory or file.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { inFolder, isUrl, placeName, toPlace } from "../io/place.ts";
import { readBundled, readResource } from "../io/resource.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { parseSpec } from "../spec/parse.ts";
import { expectPlace } from "../text/expect.ts";
import { type ModelArchive, readArchive } from "./archive.ts";

/** Name of the default model. */
export const DEFAULT_MODEL = "ranet-cifar10";

/** Names of the bundled models, which have weights and calibrations. */
export const BUNDLED_MODELS: readonly string[] = [DEFAULT_MODEL, "ranet-cifar10-micro"];

/** Names of the bundled architectures; only {@linkcode BUNDLED_MODELS} also have weights. */
export const BUNDLED_SPECS: readonly string[] = [
  "ranet-cifar10",
  "ranet-cifar10-depthwise",
  "ranet-cifar10-four-features",
  "ranet-cifar10-micro",
  "ranet-cifar10-upconv",
  "ranet-cifar100",
  "ranet-imagenet-c32",
  "ranet-imagenet-c64",
  "ranet-tiny-imagenet",
  "msdnet-anytime-cifar100",
  "msdnet-batch-cifar100",
  "msdnet-cifar10-micro",
  "msdnet-imagenet-step4",
  "msdnet-imagenet-step6",
  "msdnet-imagenet-step7",
];

/** Largest spec that is read, in bytes. */
const MAX_SPEC_BYTES = 2 ** 18;

/**
 * Reads an architecture.
 *
 * @param nameOrPath A bundled name, the path or URL of a YAML file (`https:`, `file:`, `data:`, `blob:`), or a model's
 * directory or zip archive (`.zip`), which contains `spec.yaml`.
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
  expectPlace("readSpec", { nameOrPath });
  const archive = await readArchive(nameOrPath);
  if (archive) return specOf(archive);
  const place = await specPlace(nameOrPath);
  const source = placeName(place);
  const parse = (bytes: Uint8Array) => parseSpec(decodeText(bytes, source), { source });
  if (BUNDLED_SPECS.includes(place)) return await readBundled(`specs/${place}.yaml`, parse);
  return parse(await readResource(checkName(place), { maxBytes: MAX_SPEC_BYTES }));
}

/** The place of a spec: a bundled name, or the path or URL of its file, also if the model's directory is given. */
export async function specPlace(nameOrPath: string | URL): Promise<string> {
  const place = toPlace(nameOrPath);
  return await isDirectory(place) ? inFolder(place, "spec.yaml") : place;
}

/** Whether a place is a model's directory; the URL of one ends in `/`. */
export async function isDirectory(place: string): Promise<boolean> {
  if (BUNDLED_SPECS.includes(place)) return false;
  if (isUrl(place)) return /^https?:/i.test(place) && new URL(place).pathname.endsWith("/");
  try {
    return (await Deno.stat(place)).isDirectory;
  } catch (error) {
    // Reading it gives the error.
    const { NotFound, NotADirectory, NotCapable, PermissionDenied } = Deno.errors;
    if ([NotFound, NotADirectory, NotCapable, PermissionDenied].some((kind) => error instanceof kind)) return false;
    throw error;
  }
}

/** The architecture of an archive. */
export function specOf({ files, source }: ModelArchive): ArchitectureSpec {
  const name = `spec.yaml in ${source}`;
  return parseSpec(decodeText(files["spec.yaml"], name), { source: name });
}

/** Checks a single word, which must be a bundled name. */
function checkName(nameOrPath: string): string {
  if (/[./\\]/.test(nameOrPath) || isUrl(nameOrPath)) return nameOrPath;
  throw new RanetError(
    `Cannot find "${nameOrPath}": expected a path, such as ./${nameOrPath} or ${nameOrPath}.yaml, or one of ` +
      `${BUNDLED_SPECS.join(", ")}.`,
    { code: "not-found" },
  );
}

function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RanetError(`Cannot read spec ${source}: it is not UTF-8 text`);
  }
}
