/**
 * Replacements for Deno's globals in browsers and Node.js. The bundle injects them.
 *
 * @module
 */

/// <reference lib="dom" />

import "./newer_builtins.ts";
import { RanetError } from "../lib/errors.ts";

function refuse(path: string | URL): never {
  const name = JSON.stringify(String(path));
  throw new RanetError(
    `Cannot read ${name}: a browser has no files. Give a full URL, such as new URL(${name}, location.href)`,
  );
}

/** Base class of system errors. */
class SystemError extends Error {}
class NotFound extends SystemError {}
class NotADirectory extends SystemError {}
class PermissionDenied extends SystemError {}
class NotCapable extends SystemError {}

/** The functions of Node's file system module that are used. */
interface NodeFiles {
  stat(path: string | URL): Promise<{ isFile(): boolean; isDirectory(): boolean; readonly size: number }>;
  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  opendir(path: string | URL): Promise<AsyncIterable<{ readonly name: string; isFile(): boolean }>>;
}

/** Node's file system module (20.16 and later), loaded in a way that bundlers do not detect. */
function nodeFiles(): NodeFiles | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return "Deno" in globalThis ? undefined : process?.getBuiltinModule?.("node:fs/promises") as NodeFiles | undefined;
}

const files = nodeFiles();

/** Runs a Node function and converts its errors to Deno's. */
async function asDeno<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === "ENOENT") throw new NotFound(message);
    if (code === "ENOTDIR") throw new NotADirectory(message);
    if (code === "EACCES" || code === "EPERM") throw new PermissionDenied(message);
    throw error;
  }
}

/** Replacement for Deno's namespace. A browser has no files; Node's files can be read. */
const Files = {
  stat: files
    ? (path: string | URL) =>
      asDeno(async () => {
        const found = await files.stat(path);
        return { isFile: found.isFile(), isDirectory: found.isDirectory(), size: found.size };
      })
    : refuse,
  async *readDir(path: string | URL): AsyncGenerator<{ readonly name: string; readonly isFile: boolean }> {
    const entries = files ? await asDeno(() => files.opendir(path)) : refuse(path);
    for await (const entry of entries) yield { name: entry.name, isFile: entry.isFile() };
  },
  readFile: files ? (path: string | URL) => asDeno(() => files.readFile(path)) : refuse,
  errors: { NotFound, NotADirectory, PermissionDenied, NotCapable },
};
export { Files as Deno };

/** Node 20 has no `navigator`. */
const own: object = globalThis.navigator ?? { hardwareConcurrency: 1, userAgent: "Node.js" };
export { own as navigator };
