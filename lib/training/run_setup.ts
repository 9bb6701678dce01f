/**
 * What a run reads and where it runs, as its folder keeps it for the day that it goes on.
 *
 * @module
 */

import { createHash } from "node:crypto";
import * as z from "zod";
import type { Dataset } from "../data/dataset.ts";
import { RanetError } from "../errors.ts";
import { describeIssue } from "../yaml/issues.ts";

const setupSchema = z.strictObject({
  /** The data set, as an absolute path. */
  data: z.string("a path"),
  /** Images to validate on: a data set, `split` for a tenth of `data`, or `none`. */
  val: z.string('a path, "split" or "none"'),
  /** Whether bad images are left out. */
  skipBad: z.boolean("true or false"),
  /** Whether a CSV may name images outside of its folder. */
  allowOutside: z.boolean("true or false").default(false),
  /** How labels are read, if that was said. */
  labels: z.enum(["names", "indexes"], "names or indexes").optional(),
  /** What it runs on. */
  device: z.enum(["auto", "gpu", "cpu"], "auto, gpu or cpu"),
  /** Threads of the CPU, if not as many as there are cores. */
  threads: z.int("a whole number").min(1, "at least 1").optional(),
  /** Which weights are kept. */
  keep: z.enum(["last", "best"], "last or best"),
  /** Bytes of decoded images that are kept in memory. */
  cache: z.number("a number").min(0, "at least 0"),
  /** What tells these images from others (see {@linkcode digestOf}). */
  images: z.string("a digest"),
});

/** What a run reads and where it runs. */
export type RunSetup = Readonly<z.infer<typeof setupSchema>>;

/**
 * Reads a setup.
 *
 * @param source What messages call the file.
 * @throws {RanetError} If it is not one; names the first wrong key.
 */
export function parseSetup(text: string, source: string): RunSetup {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot read ${source}: ${reason}`);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    refuse("it is not JSON");
  }
  const { data, error } = setupSchema.safeParse(document);
  return data ?? refuse(describeIssue(error!.issues[0], document)[0]);
}

/**
 * A digest of which images there are, in which order and of which classes: by paths from the folder that they have in common,
 * so that they may be moved together.
 */
export async function digestOf(...datasets: readonly Dataset[]): Promise<string> {
  const hash = createHash("sha256");
  for (const dataset of datasets) {
    const labels = await dataset.labels();
    const origins = Array.from({ length: dataset.size }, (_, index) => dataset.origin(index));
    const from = commonFolder(origins).length;
    origins.forEach((origin, index) => hash.update(`${origin.slice(from).replaceAll("\\", "/")}\0${labels[index]}\0`));
    hash.update("\n");
  }
  return hash.digest("hex").slice(0, 16);
}

/** The path that all begin with, up to and with a separator. */
function commonFolder(paths: readonly string[]): string {
  let common = paths[0] ?? "";
  for (const path of paths) {
    while (!path.startsWith(common)) common = common.slice(0, -1);
  }
  return common.slice(0, Math.max(common.lastIndexOf("/"), common.lastIndexOf("\\")) + 1);
}
