/**
 * Lists of inputs in files, one per line. They may have any length and are read lazily.
 *
 * @module
 */

import { parse } from "csv-parse/sync";
import { createReadStream } from "node:fs";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { RanetError } from "../errors.ts";
import { isUrl } from "../io/place.ts";
import { systemReason } from "../io/system_error.ts";
import type { Terminal } from "./command.ts";
import { STDIN } from "./inputs.ts";

/** A list that can be read more than once. */
export interface InputList extends AsyncDisposable {
  /** Reads the inputs from the start. */
  read(): AsyncGenerator<string>;
}

/**
 * Opens a list.
 *
 * @param path A file of paths and URLs, one per line; a `.csv` with paths in its first column, relative to it; or `-`
 * for standard input, which is copied to a temporary file.
 */
export async function openList(path: string, { stdin }: Pick<Terminal, "stdin">): Promise<InputList> {
  if (path !== STDIN) {
    return { read: () => /\.csv$/i.test(path) ? readCsv(path) : readLines(path), async [Symbol.asyncDispose]() {} };
  }
  const kept = await Deno.makeTempFile({ suffix: ".txt" });
  await Deno.writeFile(kept, stdin);
  return { read: () => readLines(kept), [Symbol.asyncDispose]: () => Deno.remove(kept) };
}

async function* readCsv(path: string): AsyncGenerator<string> {
  let first = true;
  for await (const line of readLines(path)) {
    const [input] = firstColumn(line, path);
    const isHeader = first && /^(path|image|file|url)$/i.test(input);
    first = false;
    if (!isHeader) yield isUrl(input) ? input : resolve(dirname(path), input);
  }
}

function firstColumn(line: string, path: string): string[] {
  try {
    return parse(line, { relax_column_count: true, trim: true })[0];
  } catch (error) {
    throw new RanetError(
      `Cannot read ${JSON.stringify(path)}: line ${JSON.stringify(line)}: ${(error as Error).message}`,
    );
  }
}

/** Lines that are not empty. */
async function* readLines(path: string): AsyncGenerator<string> {
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (line.trim() !== "") yield line.trim();
    }
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : new RanetError(`Cannot read ${JSON.stringify(path)}: ${reason}`);
  }
}
