/**
 * Creates folders.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { systemReason } from "./system_error.ts";

/**
 * Creates a folder and those around it, where they are missing.
 *
 * @returns The outermost folder that was created; `undefined` if all existed.
 * @throws {RanetError} If a part of the path is a file, or the system refuses.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  await refuseFileIn(folder, `Cannot create the folder ${JSON.stringify(folder)}`);
  try {
    return await mkdir(folder, { recursive: true });
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new RanetError(`Cannot create the folder ${JSON.stringify(folder)}: ${reason}`, {
      code: "not-permitted",
      cause: error,
    });
  }
}

/**
 * Checks that no part of a folder's path is a file.
 *
 * @param refusal Start of the message.
 * @throws {RanetError} If one is.
 */
export async function refuseFileIn(folder: string, refusal: string): Promise<void> {
  for (let at = resolve(folder), inner = ""; at !== inner; inner = at, at = dirname(at)) {
    const found = await Deno.stat(at).catch(() => undefined);
    if (found?.isDirectory) return;
    if (found) throw new RanetError(`${refusal}: ${JSON.stringify(at)} is a file, expected a folder`);
  }
}
