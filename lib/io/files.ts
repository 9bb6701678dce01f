/**
 * Reads files of bounded size.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { RanetError, type RanetErrorCode } from "../errors.ts";

/**
 * Calls a function that uses a file, and turns system errors into readable ones.
 *
 * @throws {RanetError} If the file is missing or may not be read.
 */
export async function withFile<T>(path: string | URL, use: () => Promise<T>): Promise<T> {
  const refuse = (reason: string, code?: RanetErrorCode): never => {
    throw new RanetError(`Cannot read ${JSON.stringify(String(path))}: ${reason}`, { code });
  };
  if (path === "") return refuse("the path is empty");
  if (String(path).includes("\0")) return refuse("a path cannot contain zero bytes");
  try {
    return await use();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return refuse("there is no such file or folder", "not-found");
    if (error instanceof Deno.errors.FilesystemLoop) return refuse("it is a link to itself");
    if (error instanceof Deno.errors.PermissionDenied) return refuse("the system does not permit it", "not-permitted");
    if (error instanceof Deno.errors.NotCapable) {
      return refuse("Deno was not given --allow-read for it", "not-permitted");
    }
    throw error;
  }
}

/**
 * Reads a regular file of at most `maxBytes` bytes.
 *
 * @throws {RanetError} If it is missing, larger, or not a file.
 */
export async function readBoundedFile(path: string | URL, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  return await withFile(path, async () => {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new RanetError(`Cannot read ${JSON.stringify(path)}: it is not a file`);
    if (size > maxBytes) {
      throw new RanetError(`Cannot read ${JSON.stringify(path)}: ${size} bytes are more than ${maxBytes}`, {
        code: "too-large",
      });
    }
    return await Deno.readFile(path);
  });
}

/** Reads up to `length` bytes from an offset. The file is opened each time, so that it need not be closed later. */
export async function readAt(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  return await withFile(path, async () => {
    using file = await Deno.open(path);
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (let read: number | null = 0; filled < length && read !== null; filled += read ?? 0) {
      read = await file.read(bytes.subarray(filled));
    }
    return bytes.subarray(0, filled);
  });
}

/**
 * SHA-256 of files' contents and the texts `about` them, in hexadecimal. A file that cannot be read counts as missing;
 * reading it later will give the error.
 *
 * @param options `about`: the name of the files in messages; `onFile`: called after each file.
 */
export async function digestFiles(
  paths: readonly string[],
  options: { readonly about?: readonly unknown[]; readonly onFile?: () => void } = {},
): Promise<string> {
  const { about = [], onFile } = options;
  const all = createHash("sha256");
  for (const [i, path] of paths.entries()) {
    const own = createHash("sha256");
    try {
      using file = await Deno.open(path);
      for await (const chunk of file.readable) own.update(chunk);
      all.update(JSON.stringify([about[i], own.digest("hex")]));
    } catch {
      all.update(JSON.stringify([about[i], null]));
    }
    onFile?.();
  }
  return all.digest("hex");
}
