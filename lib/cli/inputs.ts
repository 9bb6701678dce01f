/**
 * Finds the images of a command line: files, URLs, standard input, folders and patterns.
 *
 * @module
 */

import { join, relative } from "node:path";
// @ts-types="npm:@types/picomatch@4.0.3"
import picomatch from "picomatch";
import { sampleFiles } from "../data/image_files.ts";
import { ARRAY_FILE } from "../data/arrays.ts";
import { MAX_IMAGE_BYTES } from "../data/decode.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import { listData } from "../data/passed_over.ts";
import type { LinkTrail } from "../io/list_folder.ts";
import { readTensor } from "../data/read_tensor.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { exists } from "../io/exists.ts";
import type { Model } from "../model/model.ts";
import { isUrl } from "../io/place.ts";
import { readBoundedStream, readResource } from "../io/resource.ts";
import { systemReason } from "../io/system_error.ts";
import type { Terminal } from "./command.ts";
import type { PassedOver } from "./passed_over.ts";

/** Standard input. */
export const STDIN = "-";

const NO_MATCH = "no file matches the pattern";

/** A folder or pattern without images. */
export interface NoImages {
  /** The operand as it was given. */
  readonly operand: string;
  /** Why it has no images. */
  readonly error: RanetError;
}

/**
 * Lists the images of operands as they are found: all images below a folder (or arrays, if the model takes these),
 * sorted by name, and files that match a pattern (`*`, `?`, `[…]`, `{a,b}`, `**`) that the shell has not expanded.
 * Links are followed, but not in cycles.
 *
 * @param passed Counts other files in folders.
 */
export async function* expandInputs(
  operands: Iterable<string>,
  model: Model,
  passed?: PassedOver,
): AsyncGenerator<string | NoImages> {
  for (const operand of operands) {
    const found = await filesOf(operand, sampleFiles({ channels: model.spec.input.mean.length }), { passed });
    if (!found) {
      yield operand;
      continue;
    }
    let count = 0;
    try {
      for await (const file of found.files) {
        count++;
        yield file;
      }
      if (count === 0) throw new RanetError(`Cannot classify ${JSON.stringify(operand)}: ${found.none}`);
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
      yield { operand, error };
    }
  }
}

/** The names of the first `most` inputs. */
export async function firstInputs(operands: Iterable<string>, model: Model, most: number): Promise<string[]> {
  const names: string[] = [];
  for await (const input of expandInputs(operands, model)) {
    names.push(nameOf(input));
    if (names.length >= most) break;
  }
  return names;
}

/** The number of inputs. */
export async function countInputs(operands: Iterable<string>, model: Model): Promise<number> {
  let count = 0;
  for await (const _ of expandInputs(operands, model)) count++;
  return count;
}

/** The name of an input. */
export function nameOf(input: string | NoImages): string {
  return typeof input === "string" ? input : input.operand;
}

/**
 * Reads an input as a tensor; `decoders`, if given, decode it.
 *
 * @throws {RanetError} If it is not an image, or cannot be read.
 */
export async function readInput(
  input: string | NoImages,
  { model: { spec } }: AdaptiveExecutor,
  { stdin, stderr, decoders }: Pick<Terminal, "stdin" | "stderr"> & { readonly decoders?: DecoderPool },
): Promise<Float32Array> {
  if (typeof input !== "string") throw input.error;
  try {
    const bytes = input === STDIN
      ? await readBoundedStream(stdin, {
        maxBytes: MAX_IMAGE_BYTES,
        tooLarge: `Cannot read image "-": standard input has more than ${MAX_IMAGE_BYTES} bytes`,
      })
      : await readResource(input, { maxBytes: MAX_IMAGE_BYTES });
    if (decoders) return await decoders.tensor(bytes, { source: input, input: spec.input });
    return await readTensor(bytes, { source: input, input: spec.input, onNote: stderr });
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : new RanetError(`Cannot read ${JSON.stringify(input)}: ${reason}`);
  }
}

/** The files of a folder or pattern; `undefined` for anything else. */
async function filesOf(
  operand: string,
  wanted: RegExp,
  { passed, ...options }: Pick<WalkOptions, "passed" | "folders"> = {},
): Promise<{ readonly files: AsyncIterable<string>; readonly none: string } | undefined> {
  if (operand === STDIN || isUrl(operand)) return undefined;
  const kind = await kindOf(operand);
  if (kind === "folder") {
    return { files: walk(operand, { wanted: (path) => wanted.test(path), passed }), none: noneOf(wanted) };
  }
  // A file's own name may look like a pattern.
  if (kind === "file") return undefined;
  const { base, glob, isGlob, negated = false } = picomatch.scan(operand);
  if (!isGlob) return undefined;
  if (base !== "" && !await exists(base)) return { files: (async function* () {})(), none: NO_MATCH };
  const matches = picomatch(negated ? `!${glob}` : glob);
  // Other folders need not be read, and may not be readable.
  const depth = negated || /\*\*|[()]/.test(glob) ? Infinity : glob.split("/").length - 1;
  return { files: walk(base, { wanted: (path) => matches(relative(base, path)), depth, ...options }), none: NO_MATCH };
}

/**
 * The files that a pattern matches, or its folders if there are no files, if the shell has not expanded it; or the
 * operand itself if it is not a pattern.
 *
 * @throws {RanetError} If nothing matches.
 */
export async function expandPattern(operand: string): Promise<string[]> {
  if (await kindOf(operand)) return [operand];
  for (const folders of [false, true]) {
    const found = await filesOf(operand, /^/, { folders });
    if (!found) return [operand];
    const paths = await Array.fromAsync(found.files);
    if (paths.length > 0) return paths;
  }
  throw new RanetError(`Cannot read ${JSON.stringify(operand)}: ${NO_MATCH}`);
}

function noneOf(wanted: RegExp): string {
  return wanted === ARRAY_FILE ? "it contains no .npy or TIFF files" : "it contains no images";
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch {
    return undefined; // reading it gives the error
  }
}

/** Options of {@linkcode walk}. */
interface WalkOptions {
  /** Whether a path matches. */
  readonly wanted: (path: string) => boolean;
  /** Counts files that do not match. */
  readonly passed?: PassedOver;
  /** Whether folders match, not files. Default: files. */
  readonly folders?: boolean;
  /** Depth of folders below the first one that are read. Default: all. */
  readonly depth?: number;
  /** The links on the path to the folder. */
  readonly trail?: LinkTrail;
}

/** The files below a folder that match. Names that begin with a dot and files of operating systems are ignored. */
async function* walk(folder: string, options: WalkOptions): AsyncGenerator<string> {
  const { wanted, passed, folders: onlyFolders = false, depth = Infinity, trail } = options;
  const { files, folders } = await listData(folder || ".", trail);
  const all = [...files.map((name) => ({ name, inner: undefined })), ...folders.map((inner) => ({ ...inner, inner }))];
  for (const { name, inner } of all.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, name);
    if (onlyFolders === (inner !== undefined) && wanted(path)) yield path;
    else if (inner && depth > 0) yield* walk(path, { ...options, depth: depth - 1, trail: inner.trail });
    else if (!inner) passed?.add(name);
  }
}
