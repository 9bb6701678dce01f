/**
 * Temporary folders in the layouts of data sets.
 *
 * @module
 */

import { assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import type { Dataset, DatasetOptions } from "../../lib/data/dataset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { RanetError } from "../../lib/errors.ts";
import { fixture } from "./fixtures.ts";

const cat = await fixture("cifar-cat.jpg");
/** The text of files, or their bytes. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Runs a test on a folder with these files. `null` is a photo of a cat. */
export async function withFolder(
  files: Readonly<Record<string, string | null | Uint8Array>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(dirname(path), { recursive: true });
      if (content instanceof Uint8Array || content === null) await Deno.writeFile(path, content ?? cat);
      else await Deno.writeTextFile(path, content);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens a data set for a model of 32×32 images. */
export const open = (path: string, labels: readonly string[], options: Partial<DatasetOptions> = {}) =>
  openDataset(path, { labels, inputSize: 32, ...options });

/** The file of every sample, relative to the folder, and the name of its class. */
export async function entries(dataset: Dataset, folder: string, labels: readonly string[]): Promise<string[]> {
  const classes = await dataset.labels();
  return Array.from(
    { length: dataset.size },
    (_, i) => `${dataset.origin(i).slice(folder.length + 1)} ${labels[classes[i]]}`,
  );
}

/** Checks that opening fails with these parts of the error and its remedies. */
export const refused = async (promise: Promise<unknown>, ...parts: string[]): Promise<void> => {
  const { message, remedies } = await assertRejects(() => promise, RanetError);
  for (const part of parts) assertStringIncludes(message + JSON.stringify(remedies), part);
};

/** Labels of a model. */
export const pets = ["cat", "dog"];
