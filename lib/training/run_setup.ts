/**
 * The data and device of a run, which its folder stores for resuming.
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
  /** Whether images that cannot be read are left out. */
  skipBad: z.boolean("true or false"),
  /** Whether a CSV may list images outside its folder. */
  allowOutside: z.boolean("true or false").default(false),
  /** How labels are interpreted, if specified. */
  labels: z.enum(["names", "indexes"], "names or indexes").optional(),
  /** The device to run on. */
  device: z.enum(["auto", "gpu", "cpu"], "auto, gpu or cpu"),
  /** Threads of the CPU. Default: one per core. */
  threads: z.int("a whole number").min(1, "at least 1").optional(),
  /** Which weights are kept. */
  keep: z.enum(["last", "best"], "last or best"),
  /** Memory for decoded images in bytes. */
  cache: z.number("a number").min(0, "at least 0"),
  /** A digest that identifies the images (see {@linkcode digestOf}). */
  images: z.string("a digest"),
});

/** The data and device of a run. */
export type RunSetup = Readonly<z.infer<typeof setupSchema>>;

/**
 * Reads a setup.
 *
 * @param source The file's name in messages.
 * @throws {RanetError} If it is not a valid setup. Names the first wrong key.
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
 * A digest of the images, their order and their classes. Paths are relative to the folder that they have in common, so
 * that the images may be moved together.
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

/** The longest common start of all paths that ends with a separator. */
function commonFolder(paths: readonly string[]): string {
  let common = paths[0] ?? "";
  for (const path of paths) {
    while (!path.startsWith(common)) common = common.slice(0, -1);
  }
  return common.slice(0, Math.max(common.lastIndexOf("/"), common.lastIndexOf("\\")) + 1);
}
