/**
 * Results as JSON lines: a header that describes them, then one line per entry, in the order of the entries. An
 * interrupted file is continued; its incomplete last line is computed again.
 *
 * @module
 */

import * as z from "zod";
import { RanetError } from "../errors.ts";
import { systemReason } from "../io/system_error.ts";
import { describeIssue } from "../yaml/issues.ts";
import { roundedOtherwise } from "./arithmetic_warning.ts";
import { checkComplete, type Shard, shardSize } from "./shard.ts";

/** Description of the results. All results of a file share it. */
export interface ResultsHeader {
  /** The library's version. */
  readonly ranet: string;
  /** The model's name. */
  readonly model: string;
  /** Digest of its architecture and weights. */
  readonly weights: string;
  /** Precision of the weights. */
  readonly precision: string;
  /** The device's rounding. With a different rounding, confidences may differ in their last digits. */
  readonly arithmetic?: string;
  /** Confidence at which an image leaves, per exit. */
  readonly thresholds: readonly (number | string)[];
  /** Number of most probable classes that a result lists. */
  readonly top: number;
  /** The entries: their number, and a digest of their names. */
  readonly inputs: { readonly count: number; readonly digest: string };
  /** The shard, if the file does not contain all entries. */
  readonly shard?: Shard;
}

/** Length limit of a line in bytes. */
const MAX_LINE = 2 ** 20;
const LINE_FEED = 10;

/** Created on demand. */
function headerSchema() {
  const text = z.string("a text");
  const count = z.int("a whole number").nonnegative("a whole number");
  return z.strictObject({
    ranet: text,
    model: text,
    weights: text,
    precision: text,
    arithmetic: text.optional(),
    thresholds: z.array(z.union([z.number(), text], "a number or a text"), "a list"),
    top: count,
    inputs: z.strictObject({ count, digest: text }, "an object"),
    shard: z.strictObject({ index: count, count }, "an object").optional(),
  }, "a header");
}

/** Writes a results file. */
export class ResultsWriter implements Disposable {
  /** Number of results from earlier runs. */
  readonly kept: number;
  readonly #file: Deno.FsFile;
  readonly #path: string;

  private constructor(file: Deno.FsFile, path: string, kept: number) {
    this.#file = file;
    this.#path = path;
    this.kept = kept;
  }

  /**
   * Opens a file to continue it, or creates it.
   *
   * @param warn Called if the existing results were rounded differently.
   * @throws {RanetError} If it contains results of something else, another process is writing it, or it cannot be
   * written.
   */
  static async open(
    path: string,
    header: ResultsHeader,
    { warn = () => {} }: { readonly warn?: (message: string) => void } = {},
  ): Promise<ResultsWriter> {
    const file = await orRefuse(path, () => Deno.open(path, { read: true, write: true, create: true }));
    try {
      if (!await file.tryLock(true)) {
        throw new RanetError(`Cannot write ${JSON.stringify(path)}: another process is writing it`);
      }
      const { lines, end } = await measure(file, path);
      const first = JSON.stringify(header) + "\n";
      if (lines > 0) {
        const { arithmetic, ...found } = await firstHeader(path);
        const { arithmetic: own, ...wanted } = header;
        checkSame(path, found, wanted);
        if (arithmetic !== own) {
          warn(roundedOtherwise(`The earlier results in ${JSON.stringify(path)}`, [arithmetic, own]));
        }
      } else await checkTorn(path, first);
      await file.truncate(end);
      await file.seek(end, Deno.SeekMode.Start);
      if (lines === 0) await writeAll(file, first);
      return new ResultsWriter(file, path, Math.max(0, lines - 1));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Appends results.
   *
   * @throws {RanetError} If they cannot be written, for example because the disk is full.
   */
  async append(results: readonly object[]): Promise<void> {
    const text = results.map((result) => JSON.stringify(result) + "\n").join("");
    await orRefuse(this.#path, () => writeAll(this.#file, text));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Merges the files of all shards. The result is the same as that of a run without shards.
 *
 * @param paths The files, in any order.
 * @param write Called with pieces of the text.
 * @param options `warn`: called if shards were rounded differently.
 * @returns The description of the results.
 * @throws {RanetError} If a shard is missing, unfinished or duplicated, or the files do not belong together.
 */
export async function mergeResults(
  paths: readonly string[],
  write: (text: string) => Promise<void>,
  { warn = () => {} }: { readonly warn?: (message: string) => void } = {},
): Promise<ResultsHeader> {
  const headers = await Promise.all(paths.map(firstHeader));
  const { shard: _, arithmetic: first, ...rest } = headers[0];
  const ways = [...new Set(headers.map(({ arithmetic }) => arithmetic))].toSorted();
  if (ways.length > 1) warn(roundedOtherwise("These shards", ways));
  const arithmetic = ways.length > 1 ? ways.map((way) => way ?? "unknown").join("; ") : first;
  const { ranet, model, weights, precision, ...others } = rest;
  const whole = { ranet, model, weights, precision, ...arithmetic !== undefined && { arithmetic }, ...others };
  const order = headers.map((header, i) => ({ header, path: paths[i] }));
  for (const { header: { shard, arithmetic: _own, ...own }, path } of order) {
    checkSame(path, own, rest, JSON.stringify(paths[0]));
    if (!shard) throw new RanetError(`Cannot merge ${JSON.stringify(path)}: it is a complete result, not a shard`);
  }
  order.sort((a, b) => a.header.shard!.index - b.header.shard!.index);
  checkComplete(order.map(({ header, path }) => ({ shard: header.shard!, path })));
  const files = order.map(({ path, header }) => ({
    path,
    lines: readLines(path),
    left: shardSize(header.inputs.count, header.shard),
  }));
  for (const { lines } of files) await lines.next(); // the header
  await write(JSON.stringify(whole) + "\n");
  for (let i = 0; i < whole.inputs.count; i++) {
    const { path, lines } = files[i % files.length];
    const { value, done } = await lines.next();
    if (done) {
      throw new RanetError(`Cannot merge ${JSON.stringify(path)}: it is unfinished; run its shard again to resume`);
    }
    await write(value + "\n");
  }
  for (const { path, lines } of files) {
    if (!(await lines.next()).done) throw new RanetError(`Cannot merge ${JSON.stringify(path)}: it has too many lines`);
  }
  return whole;
}

function checkSame(path: string, found: object, wanted: object, other = "this run"): void {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const text = (of: object, key: string) => JSON.stringify((of as Readonly<Record<string, unknown>>)[key]) ?? "none";
  for (const key of keys) {
    if (text(found, key) === text(wanted, key)) continue;
    throw new RanetError(
      `Cannot use ${JSON.stringify(path)}: its ${key} is ${text(found, key)}, expected ${
        text(wanted, key)
      } as in ${other}`,
    );
  }
}

/** A file without a complete line is overwritten only if it is the start of this line. */
async function checkTorn(path: string, line: string): Promise<void> {
  const { size } = await Deno.stat(path);
  if (size > line.length || !line.startsWith(await Deno.readTextFile(path))) {
    throw new RanetError(`Cannot use ${JSON.stringify(path)}: it is not a results file`);
  }
}

/** Reads the header of a file, which must exist. */
async function firstHeader(path: string): Promise<ResultsHeader> {
  const lines = readLines(path);
  const { value: line } = await lines.next();
  await lines.return(undefined);
  let document: unknown;
  try {
    document = JSON.parse(line ?? "");
  } catch {
    throw new RanetError(
      `Cannot use ${JSON.stringify(path)}: it is not a results file: its first line is not a header`,
    );
  }
  const { data, error } = headerSchema().safeParse(document);
  if (data) return data;
  throw new RanetError(
    `Cannot use ${JSON.stringify(path)}: its first line is not a results header: ` +
      describeIssue(error.issues[0], document)[0],
  );
}

/** The number of complete lines, and their length in bytes. */
async function measure(file: Deno.FsFile, path: string): Promise<{ lines: number; end: number }> {
  const buffer = new Uint8Array(2 ** 16);
  let [lines, end, at] = [0, 0, 0];
  for (let read; (read = await orRefuse(path, () => file.read(buffer))) !== null; at += read) {
    for (let i = 0; i < read; i++) {
      if (buffer[i] !== LINE_FEED) continue;
      lines++;
      end = at + i + 1;
    }
  }
  return { lines, end };
}

/** Yields the complete lines. */
async function* readLines(path: string): AsyncGenerator<string, undefined> {
  using file = await orRefuse(path, () => Deno.open(path));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(2 ** 16);
  let rest = "";
  for (let read; (read = await file.read(buffer)) !== null;) {
    const lines = (rest + decoder.decode(buffer.subarray(0, read), { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > MAX_LINE) throw new RanetError(`Cannot use ${JSON.stringify(path)}: it is not a results file`);
    yield* lines;
  }
}

async function writeAll(file: Deno.FsFile, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

async function orRefuse<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new RanetError(`Cannot use ${JSON.stringify(path)}: ${reason}`);
  }
}
