/**
 * What modules written for Deno find in a browser; the bundle puts it in the place of globals.
 *
 * @module
 */

/// <reference lib="dom" />

import { RanetError } from "../lib/errors.ts";

function refuse(path: string | URL): never {
  throw new RanetError(`Cannot read ${JSON.stringify(String(path))}: a browser has no files. Give an http(s) URL`);
}

/** What the system would refuse with; nothing is one. */
class SystemError extends Error {}

/** Stands in for Deno's namespace: there are no files. */
const NoFiles = {
  stat: refuse,
  readFile: refuse,
  errors: { NotFound: SystemError, PermissionDenied: SystemError, NotCapable: SystemError },
};
export { NoFiles as Deno };

// Browsers that lack one of these have everything else that is needed.
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for("Symbol.dispose");
ReadableStream.prototype[Symbol.asyncIterator] ??= async function* (): AsyncGenerator<unknown, undefined> {
  const reader = this.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel();
  }
  return undefined;
};
