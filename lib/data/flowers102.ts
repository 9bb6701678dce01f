/**
 * The lists of Oxford Flowers-102: MATLAB files of the images' labels (`imagelabels.mat`) and of their parts (`setid.mat`).
 *
 * @module
 */

import { dirname, join } from "node:path";
import { datasetError } from "./dataset_error.ts";
import type { TableRow } from "./list_table.ts";
import { readMat } from "./mat.ts";

const PARTS = "setid.mat";
/** The files. */
export const FLOWER_FILES = ["imagelabels.mat", PARTS] as const;

/**
 * A list of paths, labels and parts, with a header. Labels are counted from 0, as in torchvision.
 *
 * @param path The file of labels.
 * @throws {RanetError} If a file is damaged, or an image has no part.
 */
export async function readFlowers(path: string): Promise<TableRow[]> {
  const { labels } = await readMat(path, ["labels"]);
  const { trnid, valid, tstid } = await readMat(join(dirname(path), PARTS), ["trnid", "valid", "tstid"]);
  const parts = new Map(
    ([["train", trnid], ["val", valid], ["test", tstid]] as const).flatMap(([part, { data }]) =>
      Array.from(data, (id) => [id, part] as const)
    ),
  );
  const rows = Array.from(labels.data, (label, i) => {
    const part = parts.get(i + 1);
    if (part === undefined) {
      throw datasetError(path, `image ${i + 1} has no part`);
    }
    return { line: i + 2, cells: [`jpg/image_${String(i + 1).padStart(5, "0")}.jpg`, String(label - 1), part] };
  });
  return [{ line: 1, cells: ["path", "label", "part"] }, ...rows];
}
