/**
 * Lists dropped files and the contents of dropped folders.
 *
 * @module
 */

/// <reference lib="dom" />

/** The files of a folder, or files that were dropped individually. */
export interface Dropped {
  /** The folder's name; missing for individual files. */
  readonly folder?: string;
  readonly files: readonly File[];
}

/** Maximum nesting of folders. Deeper ones are ignored. */
const MAX_DEPTH = 8;

/** Lists dropped files. Must be called in the event handler. */
export function droppedFiles(transfer: DataTransfer): Promise<Dropped[]> {
  // Entries are only available during the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files = [...transfer.files];
  if (!entries.some(({ isDirectory }) => isDirectory)) return Promise.resolve(files.length > 0 ? [{ files }] : []);
  return list(entries);
}

async function list(entries: readonly FileSystemEntry[]): Promise<Dropped[]> {
  const loose = await filesIn(entries.filter(({ isFile }) => isFile), 0);
  const folders = await Promise.all(
    entries.filter(({ isDirectory }) => isDirectory).map(async (entry) => await foldersIn(entry)),
  );
  return [...loose.length > 0 ? [{ files: loose }] : [], ...folders.flat()];
}

/** A folder of photos, or a folder of folders, each of which is a class. */
async function foldersIn(entry: FileSystemEntry): Promise<Dropped[]> {
  const inside = await entriesOf(entry as FileSystemDirectoryEntry);
  const folders = inside.filter(({ isDirectory }) => isDirectory);
  if (folders.length < 2 || inside.some((one) => one.isFile && isImage(one.name))) {
    return [{ folder: entry.name, files: await filesIn(inside, 1) }];
  }
  const all = await Promise.all(
    folders.map(async (one) => ({ folder: one.name, files: await filesIn([one], 1) })),
  );
  return all.filter(({ files }) => files.length > 0);
}

async function filesIn(entries: readonly FileSystemEntry[], depth: number): Promise<File[]> {
  const found = await Promise.all(entries.map(async (entry) => {
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory) {
      return depth < MAX_DEPTH ? await filesIn(await entriesOf(entry as FileSystemDirectoryEntry), depth + 1) : [];
    }
    // In folders only photos are used. Individually dropped files are all used, so that errors are reported.
    if (depth > 0 && !isImage(entry.name)) return [];
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }));
  return found.flat();
}

function isImage(name: string): boolean {
  return /\.(jpe?g|png|webp|avif|gif|bmp|tiff?|p[bgpn]m|hei[cf])$/i.test(name);
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  while (true) {
    // It returns at most a hundred entries at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all.sort((a, b) => a.name < b.name ? -1 : 1);
    all.push(...some);
  }
}
