/**
 * Which images a command line means: files, URLs, standard input, folders and patterns.
 *
 * @module
 */

import { join } from "node:path";
// @ts-types="npm:@types/picomatch@4.0.3"
import picomatch from "picomatch";
import { IMAGE_FILE } from "../data/image_files.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "../data/decode.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import { type LinkTrail, listFolder } from "../io/list_folder.ts";
import { toTensor } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { exists } from "../io/exists.ts";
import { isUrl } from "../io/place.ts";
import { readBoundedStream, readResource } from "../io/resource.ts";
import { systemReason } from "../io/system_error.ts";
import type { Terminal } from "./command.ts";
import type { PassedOver } from "./passed_over.ts";

/** Standard input. */
export const STDIN = "-";

/** A folder or pattern without images. */
export interface NoImages {
  /** As it was given. */
  readonly operand: string;
  /** Why it has none. */
  readonly error: RanetError;
}

/**
 * The images that operands mean, as they are found: a folder's, and those of its folders, sorted by name; those whose
 * path matches a pattern (`*`, `?`, `[…]`, `{a,b}`, `**`), for which a shell has not been asked. Links are followed, but
 * not in circles.
 *
 * @param passed Told what folders hold beside.
 */
export async function* expandInputs(
  operands: Iterable<string>,
  passed?: PassedOver,
): AsyncGenerator<string | NoImages> {
  for (const operand of operands) {
    const found = await filesOf(operand, passed);
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

/** What the first of them are called, up to `most`. */
export async function firstInputs(operands: Iterable<string>, most: number): Promise<string[]> {
  const names: string[] = [];
  for await (const input of expandInputs(operands)) {
    names.push(nameOf(input));
    if (names.length >= most) break;
  }
  return names;
}

/** How many there are. */
export async function countInputs(operands: Iterable<string>): Promise<number> {
  let count = 0;
  for await (const _ of expandInputs(operands)) count++;
  return count;
}

/** What an input is called. */
export function nameOf(input: string | NoImages): string {
  return typeof input === "string" ? input : input.operand;
}

/**
 * The tensor of an input, decoded here or by `decoders`.
 *
 * @throws {RanetError} If it is no image, or cannot be read.
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
    return toTensor(await decodeImage(bytes, { source: input, onNote: stderr }), spec.input);
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : new RanetError(`Cannot read ${JSON.stringify(input)}: ${reason}`);
  }
}

/** What a folder or pattern stands for; `undefined` for anything else. */
async function filesOf(
  operand: string,
  passed?: PassedOver,
): Promise<{ readonly files: AsyncIterable<string>; readonly none: string } | undefined> {
  if (operand === STDIN || isUrl(operand)) return undefined;
  const kind = await kindOf(operand);
  if (kind === "folder") {
    return { files: walk(operand, (path) => IMAGE_FILE.test(path), passed), none: "no image is in it" };
  }
  // A file's own name may look like a pattern.
  if (kind === "file") return undefined;
  const { base, isGlob } = picomatch.scan(operand);
  if (!isGlob) return undefined;
  const none = "no file matches the pattern";
  if (base !== "" && !await exists(base)) return { files: (async function* () {})(), none };
  const matches = picomatch(operand.replace(/^\.\//, ""));
  return { files: walk(base, (path) => matches(path.replace(/^\.\//, ""))), none };
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch {
    return undefined; // whoever reads it finds out why
  }
}

/** The files below a folder that are wanted; others are told, and names that begin with a dot are passed over. */
async function* walk(
  folder: string,
  wanted: (path: string) => boolean,
  passed?: PassedOver,
  trail?: LinkTrail,
): AsyncGenerator<string> {
  const { files, folders } = await listFolder(folder || ".", trail);
  const all = [...files.map((name) => ({ name, inner: undefined })), ...folders.map((inner) => ({ ...inner, inner }))];
  for (const { name, inner } of all.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, name);
    if (inner) yield* walk(path, wanted, passed, inner.trail);
    else if (wanted(path)) yield path;
    else passed?.add(name);
  }
}
