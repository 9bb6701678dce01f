/**
 * Watches a file.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import { RanetError } from "../errors.ts";

/** Milliseconds to wait after a change, because editors write in several steps. */
const SETTLED = 50;

/**
 * Calls `use` now and whenever the file is written or replaced.
 *
 * @param path The file. Its folder is watched, because editors replace files.
 * @param options `signal`: stops watching. Default: it never stops.
 * @param use The function to call. Calls do not overlap.
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
