/**
 * Files that appear whole or not at all.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/**
 * Writes files beside their places, and moves them there once all are written.
 *
 * @throws {RanetError} If one cannot be written; then none is.
 */
export async function writeWhole(files: readonly (readonly [path: string, bytes: Uint8Array])[]): Promise<void> {
  const staged: string[] = [];
  let current = "";
  try {
    for (const [path, bytes] of files) {
      current = path;
      const temporary = `${path}.${crypto.randomUUID()}.tmp`;
      staged.push(temporary);
      await Deno.writeFile(temporary, bytes, { createNew: true });
    }
    for (const [i, [path]] of files.entries()) {
      current = path;
      await Deno.rename(staged[i], path);
    }
  } catch (error) {
    for (const temporary of staged) await Deno.remove(temporary).catch(() => {});
    throw new RanetError(`Cannot write ${JSON.stringify(current)}: ${(error as Error).message}`);
  }
}
