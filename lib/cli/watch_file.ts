/**
 * Doing something again whenever a file is saved.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";

/** Editors write in several steps; by then they are done, in milliseconds. */
const SETTLED = 50;

/**
 * Calls `use` now and after each time that a file is written or put in place.
 *
 * @param path The file. Its folder is watched, for editors replace files.
 * @param options `signal`: ends it. Default: nothing does.
 * @param use What to do; never called twice at the same time.
 * @throws {RanetError} If there is no such file.
 */
export async function watchFile(
  path: string,
  { signal }: { readonly signal?: AbortSignal },
  use: () => Promise<void>,
): Promise<void> {
  const found = await Deno.stat(path).catch(() => undefined);
  if (!found?.isFile) throw new RanetError(`Cannot watch ${JSON.stringify(path)}: there is no such file`);
  const watcher = Deno.watchFs(dirname(resolve(path)), { recursive: false });
  const close = () => watcher.close();
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted) close();
  try {
    await use();
    for await (const { kind, paths } of watcher) {
      if (kind === "access" || !paths.some((changed) => basename(changed) === basename(path))) continue;
      await new Promise((done) => setTimeout(done, SETTLED));
      await use();
    }
  } finally {
    signal?.removeEventListener("abort", close);
    if (!signal?.aborted) close();
  }
}
