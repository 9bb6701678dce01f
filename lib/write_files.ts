/**
 * Writes files whole or not at all.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { RanetError } from "./errors.ts";
import { systemReason } from "./system_error.ts";

/**
 * Writes files that belong together: all of them, or, if that fails, none. Missing folders are made, files that exist
 * are replaced.
 *
 * @param files Path and contents of each.
 * @throws {RanetError} If the system does not let it, or something else than a file is in the way.
 */
export async function writeFiles(files: readonly (readonly [path: string, bytes: Uint8Array])[]): Promise<void> {
  const suffix = `.${crypto.randomUUID()}.tmp`;
  const made: string[] = [];
  for (const [path] of files) await refuseOccupied(path);
  let current = "";
  try {
    for (const [path, bytes] of files) {
      current = path;
      // The topmost folder that was not there.
      const folder = await mkdir(dirname(resolve(path)), { recursive: true });
      if (folder !== undefined) made.push(folder);
      made.push(path + suffix);
      await Deno.writeFile(path + suffix, bytes, { createNew: true });
    }
    for (const [path] of files) {
      current = path;
      await Deno.rename(path + suffix, path);
    }
  } catch (error) {
    for (const path of made) await Deno.remove(path, { recursive: true }).catch(() => {});
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new RanetError(`Cannot write ${JSON.stringify(current)}: ${reason}`);
  }
}

/** Found out late, after another file has been put in place, it would leave half of the files. */
async function refuseOccupied(path: string): Promise<void> {
  const found = await Deno.stat(path).catch(() => undefined);
  if (found && !found.isFile) {
    throw new RanetError(`Cannot write ${JSON.stringify(path)}: something that is not a file is in the way`);
  }
}
