/**
 * Writes files whole or not at all, and never two processes at the same time.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { systemReason } from "./system_error.ts";

/** A file to write; contents that hang on what the file holds already are made once nobody else can change it. */
export type FileToWrite = readonly [path: string, contents: Uint8Array | (() => Promise<Uint8Array>)];

/**
 * Writes files that belong together: all of them, or, if that fails, none. Missing folders are made, files that exist
 * are replaced. The last one is put in place last, and if it exists, taken away before the others are replaced: so a
 * process that is ended half-way leaves the last one missing, but never an old one beside new others.
 *
 * @param files Path and contents of each.
 * @param options `without`: files in the same folders that are removed unless they are written.
 * @throws {RanetError} If the system does not let it, or something else than a file is in the way.
 */
export async function writeFiles(
  files: readonly FileToWrite[],
  options: { readonly without?: readonly string[] } = {},
): Promise<void> {
  const written = new Set(files.map(([path]) => resolve(path)));
  const without = (options.without ?? []).filter((path) => !written.has(resolve(path)));
  await inFoldersOf(files.map(([path]) => path), async ({ folders, at }) => {
    try {
      await replaceFiles(files, { without, at });
    } catch (error) {
      await folders.removeEmpty(); // as long as nobody else is about to put something there
      throw error;
    }
  });
}

/**
 * Finds out before a long computation whether {@linkcode writeFiles} could write these files. Leaves nothing behind.
 *
 * @throws {RanetError} As {@linkcode writeFiles} would.
 */
export async function checkWritable(paths: readonly string[]): Promise<void> {
  await inFoldersOf(paths, async ({ folders, at }) => {
    try {
      for (const path of paths) {
        at(path);
        const trial = `${path}.${crypto.randomUUID()}.tmp`;
        await Deno.writeFile(trial, new Uint8Array(), { createNew: true });
        await Deno.remove(trial);
      }
    } finally {
      await folders.removeEmpty();
    }
  });
}

/**
 * Does something while nobody else writes into the folders of these files, which are made if missing.
 *
 * @param act `at` is to be called with the file that is about to be written or removed.
 */
async function inFoldersOf(
  paths: readonly string[],
  act: (tools: { readonly folders: Folders; readonly at: (path: string) => void }) => Promise<void>,
): Promise<void> {
  for (const path of paths) await refuseOccupied(path);
  const folders = new Folders();
  let current = "";
  const at = (path: string) => void (current = path);
  try {
    using _locks = new Locks(await folders.makeAndLock(paths, at));
    await act({ folders, at });
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new RanetError(`Cannot write ${JSON.stringify(current)}: ${reason}`, { code: "not-permitted", cause: error });
  }
}

/** `at`: called with the file that is about to be written or removed. */
async function replaceFiles(
  files: readonly FileToWrite[],
  { without, at }: { readonly without: readonly string[]; readonly at: (path: string) => void },
): Promise<void> {
  const temporary = `.${crypto.randomUUID()}.tmp`;
  const old = `.${crypto.randomUUID()}.tmp`;
  const [last] = files[files.length - 1];
  try {
    for (const [path, contents] of files) {
      at(path);
      await removeLeftOvers(path);
      const bytes = contents instanceof Uint8Array ? contents : await contents();
      await Deno.writeFile(path + temporary, bytes, { createNew: true });
    }
    for (const path of without) {
      at(path);
      await Deno.remove(path).catch(ignoreMissing);
    }
    if (files.length > 1) await Deno.rename(last, last + old).catch(ignoreMissing);
    for (const [path] of files) {
      at(path);
      await Deno.rename(path + temporary, path);
    }
    await Deno.remove(last + old).catch(ignoreMissing);
  } catch (error) {
    for (const [path] of files) await Deno.remove(path + temporary).catch(() => {});
    await Deno.rename(last + old, last).catch(() => {});
    throw error;
  }
}

/** The folders of files, of which those that were missing can be taken away again. */
class Folders {
  /** Outermost first. */
  readonly #made: string[] = [];

  /** Makes folders that are missing, and locks all, always in the same order. */
  async makeAndLock(paths: readonly string[], onPath: (path: string) => void): Promise<Deno.FsFile[]> {
    const locks: Deno.FsFile[] = [];
    const folders = new Map(paths.map((path) => [dirname(resolve(path)), path]));
    try {
      for (const folder of [...folders.keys()].sort()) {
        onPath(folders.get(folder)!);
        locks.push(...await this.#lock(folder));
      }
    } catch (error) {
      for (const lock of locks) lock.close();
      throw error;
    }
    return locks;
  }

  /** Takes away those that were made and are still empty. */
  async removeEmpty(): Promise<void> {
    for (const folder of this.#made.toReversed()) await Deno.remove(folder).catch(() => {});
  }

  async #lock(folder: string): Promise<Deno.FsFile[]> {
    while (true) {
      await this.#make(folder);
      if (Deno.build.os === "windows") return []; // where folders cannot be opened
      let lock: Deno.FsFile | undefined;
      try {
        // The system gives it up with the process, so that none is ever left behind.
        lock = await Deno.open(folder);
        await lock.lock(true).catch(() => {}); // some network file systems have no locks
        if ((await lock.stat()).ino === (await Deno.stat(folder)).ino) return [lock];
      } catch (error) {
        lock?.close();
        ignoreMissing(error);
        continue;
      }
      lock.close(); // another process had made the folder, and has taken it away meanwhile
    }
  }

  async #make(folder: string): Promise<void> {
    const outermost = await mkdir(folder, { recursive: true });
    if (outermost === undefined) return;
    const made = [folder];
    while (made[0] !== outermost) made.unshift(dirname(made[0]));
    this.#made.push(...made);
  }
}

/** Locks, until this is disposed of. */
class Locks implements Disposable {
  readonly #files: readonly Deno.FsFile[];

  constructor(files: readonly Deno.FsFile[]) {
    this.#files = files;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
  }
}

const LEFT_OVER = /^\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;

/** Takes away what a process that was ended meant to put here. While the folder is locked, nobody else is about to. */
async function removeLeftOvers(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const name = basename(path);
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.name.startsWith(name) || !LEFT_OVER.test(entry.name.slice(name.length))) continue;
    await Deno.remove(join(folder, entry.name)).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Found out late, after another file has been put in place, it would leave half of the files. */
async function refuseOccupied(path: string): Promise<void> {
  const found = await Deno.stat(path).catch(() => undefined);
  if (found && !found.isFile) {
    throw new RanetError(`Cannot write ${JSON.stringify(path)}: something that is not a file is in the way`);
  }
}

/**
 * Writes one file that need not fit into memory: it is in its place once all of it is there, and nothing is left of one
 * that failed. The folder must be there.
 *
 * @param write Writes to the open file.
 */
export async function writeStaged(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  const staged = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(staged, { write: true, createNew: true });
    await write(file);
    await Deno.rename(staged, path);
  } catch (error) {
    await Deno.remove(staged).catch(() => {});
    throw error;
  }
}
