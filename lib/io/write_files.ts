/**
 * Writes files atomically, with a lock against other processes.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { refuseFileIn } from "./folders.ts";
import { systemReason } from "./system_error.ts";

/**
 * A file to write. Contents that depend on the existing file are given as a function, which is called while the folder
 * is locked.
 */
export type FileToWrite = readonly [path: string, contents: Uint8Array | (() => Promise<Uint8Array>)];

/**
 * Writes files that belong together: all of them, or none if that fails. Missing folders are created, existing files
 * are replaced. An existing last file is removed first and written last. If the process is killed midway, the last file
 * is therefore missing, but never an old one beside new others.
 *
 * @param files Path and contents of each.
 * @param options `without`: files in the same folders to remove, unless they are written.
 * @throws {RanetError} If the system refuses, or something other than a file exists at a path.
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
      await folders.removeEmpty(); // while the folders are locked
      throw error;
    }
  });
}

/**
 * Checks before a long computation whether {@linkcode writeFiles} can write these files. It leaves no files behind.
 *
 * @throws {RanetError} Like {@linkcode writeFiles}.
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
 * Runs a function while the folders of these files are locked. Missing folders are created.
 *
 * @param act Must call `at` with each file before it is written or removed.
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

/** `at`: called with each file before it is written or removed. */
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

/** The folders of files. Those that were created can be removed again. */
class Folders {
  /** Created folders, outermost first. */
  readonly #made: string[] = [];

  /** Creates missing folders and locks all of them, always in the same order. */
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

  /** Removes created folders that are still empty. */
  async removeEmpty(): Promise<void> {
    for (const folder of this.#made.toReversed()) await Deno.remove(folder).catch(() => {});
  }

  async #lock(folder: string): Promise<Deno.FsFile[]> {
    while (true) {
      await this.#make(folder);
      if (Deno.build.os === "windows") return []; // where folders cannot be opened
      let lock: Deno.FsFile | undefined;
      try {
        // The system releases the lock when the process ends, so that none is left behind.
        lock = await Deno.open(folder);
        await lock.lock(true).catch(() => {}); // some network file systems have no locks
        if ((await lock.stat()).ino === (await Deno.stat(folder)).ino) return [lock];
      } catch (error) {
        lock?.close();
        ignoreMissing(error);
        continue;
      }
      lock.close(); // another process had created the folder and has since removed it
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

/** Locks that are held until this is disposed of. */
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

/** Removes temporary files of a killed process. While the folder is locked, no other process has any. */
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

/**
 * This is checked before writing. If it were found after another file has been written, half of the files would remain.
 */
async function refuseOccupied(path: string): Promise<void> {
  await refuseFileIn(dirname(path), `Cannot write ${JSON.stringify(path)}`);
  const found = await Deno.stat(path).catch(() => undefined);
  if (found && !found.isFile) {
    throw new RanetError(`Cannot write ${JSON.stringify(path)}: something that is not a file exists there`);
  }
}

/**
 * Writes one file that may not fit in memory. It appears at its path once it is complete; nothing remains if writing
 * fails. The folder must exist.
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
