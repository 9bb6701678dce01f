/**
 * Merges logits that were computed in shards. The result is the same as that of a single run.
 *
 * @module
 */

import * as z from "zod";
import { join } from "node:path";
import { makeFolder } from "../io/folders.ts";
import { RanetError } from "../errors.ts";
import { roundedOtherwise } from "../results/arithmetic_warning.ts";
import { checkComplete, type Shard } from "../results/shard.ts";
import { writeFiles, writeStaged } from "../io/write_files.ts";
import { readFull, recordBytes, recordIndex, type RecordShape, writeFull } from "./logits_file.ts";

/** Description of a shard's logits, written beside them when the shard is complete. */
export interface ShardNote {
  /** Key of everything that the logits depend on. */
  readonly key: string;
  /** The shard. */
  readonly shard: Shard;
  /** The device's rounding. */
  readonly arithmetic?: string;
  /** Number of samples in the whole data set. */
  readonly samples: number;
  /** Shape of a record. */
  readonly shape: RecordShape;
}

const NOTE = /\.shard\.json$/;
/** Size limit of a description file in bytes. */
const MAX_NOTE = 4096;

/** Path of a shard's logits. */
export function shardPath(folder: string, { key, shard: { index, count } }: Pick<ShardNote, "key" | "shard">): string {
  return join(folder, `${key}.${index}-of-${count}.logits`);
}

/** Marks a shard's logits as complete. */
export async function writeShardNote(folder: string, note: ShardNote): Promise<void> {
  const path = shardPath(folder, note).replace(/\.logits$/, ".shard.json");
  await writeFiles([[path, new TextEncoder().encode(JSON.stringify(note))]]);
}

/**
 * Merges shards.
 *
 * @param folders Folders that each contain one or more shards.
 * @param out Folder for the result, in the form that `evaluate` writes. Created if missing.
 * @param options `warn`: called if shards were rounded differently.
 * @returns The written files, one for each model and data set.
 * @throws {RanetError} If a shard is missing, unfinished or duplicated.
 */
export async function mergeLogits(
  folders: readonly string[],
  out: string,
  { warn = () => {} }: { readonly warn?: (message: string) => void } = {},
): Promise<string[]> {
  const found = (await Promise.all(folders.map(notesIn))).flat();
  if (found.length === 0) {
    throw new RanetError(`Cannot merge ${folders.join(", ")}: no finished shard of logits found`);
  }
  const paths: string[] = [];
  for (const [key, shards] of Map.groupBy(found, ({ note }) => note.key)) {
    shards.sort((a, b) => a.note.shard.index - b.note.shard.index);
    checkComplete(shards.map(({ note: { shard }, folder }) => ({ shard, path: shardPath(folder, { key, shard }) })));
    const ways = new Set(shards.map(({ note }) => note.arithmetic));
    if (ways.size > 1) warn(roundedOtherwise(`The shards of ${key}`, [...ways]));
    const path = join(out, `${key}.logits`);
    await makeFolder(out);
    await mergeFiles(shards.map(({ note, folder }) => shardPath(folder, note)), path, shards[0].note.shape);
    paths.push(path);
  }
  return paths;
}

async function notesIn(folder: string): Promise<{ note: ShardNote; folder: string }[]> {
  const notes = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && NOTE.test(name)) notes.push({ note: await readNote(join(folder, name)), folder });
  }
  return notes;
}

async function readNote(path: string): Promise<ShardNote> {
  const count = z.int().positive();
  const schema = z.strictObject({
    key: z.string().regex(/^[^/\\]+$/),
    shard: z.strictObject({ index: count, count }),
    arithmetic: z.string().optional(),
    samples: z.int().nonnegative(),
    shape: z.strictObject({ exits: count.max(1e4), classes: count.max(1e6) }),
  });
  const { size } = await Deno.stat(path);
  try {
    if (size <= MAX_NOTE) return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    // Reported below.
  }
  throw new RanetError(`Cannot use ${JSON.stringify(path)}: it is damaged; run its shard again`);
}

/** Merges in the order of samples, because shards interleave and bad samples are missing. */
async function mergeFiles(paths: readonly string[], out: string, shape: RecordShape): Promise<void> {
  const sources: Source[] = [];
  try {
    for (const path of paths) sources.push(await Source.open(path, recordBytes(shape)));
    await writeStaged(out, async (target) => {
      for (;;) {
        const first = sources.reduce((a, b) => b.index < a.index ? b : a);
        if (first.index === Infinity) break;
        await writeFull(target, first.record, out);
        await first.advance();
      }
    });
  } finally {
    for (const source of sources) source[Symbol.dispose]();
  }
}

/** Reads a shard's records in order. */
class Source implements Disposable {
  readonly record: Uint8Array<ArrayBuffer>;
  /** Index of the current record's sample; `Infinity` after the last. */
  index = -1;
  readonly #file: Deno.FsFile;
  #left: number;

  private constructor(file: Deno.FsFile, { bytes, count }: { bytes: number; count: number }) {
    this.#file = file;
    this.#left = count;
    this.record = new Uint8Array(bytes);
  }

  static async open(path: string, bytes: number): Promise<Source> {
    const file = await Deno.open(path);
    const source = new Source(file, { bytes, count: Math.floor((await file.stat()).size / bytes) });
    await source.advance();
    return source;
  }

  async advance(): Promise<void> {
    if (this.#left-- <= 0) {
      this.index = Infinity;
      return;
    }
    await readFull(this.#file, this.record);
    this.index = recordIndex(this.record);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
