/**
 * A model's directory as a zip archive, as saved by the page.
 *
 * @module
 */

import { zipSync } from "fflate";
import { RanetError } from "../errors.ts";
import { placeName, toPlace } from "../io/place.ts";
import { readResource } from "../io/resource.ts";
import { unzip } from "../io/unzip.ts";

/** Names of the files in a model's directory. */
export const MODEL_FILES = ["spec.yaml", "weights.safetensors", "calibration.json", "temperatures.json"] as const;

/** The name of one of them. */
export type ModelFile = typeof MODEL_FILES[number];

/** Files from an archive; the first two are always present. */
export type ModelFiles =
  & Readonly<Record<"spec.yaml" | "weights.safetensors", Uint8Array>>
  & Readonly<Partial<Record<ModelFile, Uint8Array>>>;

/** Largest total size of the files for a small archive, in bytes. */
const SMALL = 2 ** 24;
/** Largest ratio of the files' size to the archive's: weights can hardly be compressed. */
const MAX_EXPANSION = 20;

/** Largest archive that is read, in bytes. */
const MAX_BYTES = 2 ** 31;

/** An archive that has been read. */
export interface ModelArchive {
  readonly files: ModelFiles;
  /** Its name in messages. */
  readonly source: string;
}

/**
 * Reads an archive.
 *
 * @param place A path or URL that ends in `.zip`, or the archive itself.
 * @returns `undefined` if the place is not an archive.
 * @throws {RanetError} If it cannot be read, or contains no model.
 */
export async function readArchive(place: string | URL | Blob): Promise<ModelArchive | undefined> {
  if (place instanceof Blob) {
    const source = place instanceof File ? place.name : "archive";
    if (place.size > MAX_BYTES) {
      throw new RanetError(`Cannot read model ${source}: it is larger than ${MAX_BYTES} bytes`);
    }
    return { files: readModelFiles(new Uint8Array(await place.arrayBuffer()), source), source };
  }
  const path = toPlace(place);
  if (!isArchive(path)) return undefined;
  const source = placeName(path);
  return { files: readModelFiles(await readResource(path, { maxBytes: MAX_BYTES }), source), source };
}

/**
 * Extracts a model's files from an archive. They may be in a folder; other files are ignored.
 *
 * @param source The archive's name in messages.
 * @throws {RanetError} If it is damaged, is not an archive, or contains no model or several.
 */
export function readModelFiles(bytes: Uint8Array, source: string): ModelFiles {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot read model ${JSON.stringify(source)}: ${reason}`);
  };
  if (!(bytes[0] === 0x50 && bytes[1] === 0x4b)) refuse("it is not a zip archive");
  let found: Map<string, Uint8Array>;
  try {
    found = unzip(bytes, {
      maxBytes: Math.max(SMALL, MAX_EXPANSION * bytes.length),
      want: ({ name }) => folderOf(name) !== undefined,
    });
  } catch (error) {
    if (!(error instanceof RanetError)) throw error;
    return refuse(error.message);
  }
  const folders = new Set([...found.keys()].filter((name) => name.endsWith("spec.yaml")).map(folderOf));
  if (folders.size > 1) refuse(`it contains ${folders.size} spec.yaml, expected one model`);
  const [folder] = folders;
  if (folder === undefined) refuse("there is no spec.yaml in it");
  const files: Partial<Record<ModelFile, Uint8Array>> = {};
  for (const name of MODEL_FILES) {
    const file = found.get(folder + name);
    if (file) files[name] = file;
  }
  if (!files["weights.safetensors"]) refuse("there is no weights.safetensors beside its spec.yaml");
  return files as ModelFiles;
}

/** Whether a place is a model's archive. */
export function isArchive(place: string): boolean {
  return /\.zip$/i.test(/^https?:/i.test(place) ? new URL(place).pathname : place);
}

/** Creates an archive of a model's files. */
export function writeModelFiles(files: ModelFiles): Uint8Array<ArrayBuffer> {
  // Not compressed, since that saves little; the date is fixed, so that the same model gives the same file.
  const mtime = "1980-01-01T12:00:00";
  return new Uint8Array(zipSync(files as Record<string, Uint8Array>, { level: 0, mtime }));
}

/** The folder of a model's file, with a slash, at most one level deep. Copies that macOS adds are ignored. */
function folderOf(name: string): string | undefined {
  const [, folder, file] = /^((?:[^/]+\/)?)([^/]+)$/.exec(name) ?? [];
  const isOurs = folder !== "__MACOSX/" && (MODEL_FILES as readonly string[]).includes(file);
  return isOurs ? folder : undefined;
}
