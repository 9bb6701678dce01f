/**
 * Determines the layout of a data set's folder: parts for training and validation, images with a list, class folders,
 * or files of an unsupported format.
 *
 * @module
 */

import { join } from "node:path";
import { RanetError } from "../errors.ts";
import { classFinder } from "../spec/classes.ts";
import { IMAGE_FILE } from "./image_files.ts";
import { LIST_FILE } from "./list_table.ts";
import { listData } from "./passed_over.ts";

/** A part of a data set. */
export type Part = "test" | "training" | "validation";

/** Folder names of each part, the most common first. */
const PART_NAMES: Readonly<Record<Part, readonly string[]>> = {
  training: ["train", "training"],
  validation: ["val", "valid", "validation", "dev"],
  test: ["test", "testing"],
};
/** Substitutes for a missing part, in order. */
const INSTEAD: Readonly<Record<Part, readonly Part[]>> = {
  training: [],
  validation: ["test"],
  test: ["validation"],
};
/** Lists that do not contain labels. */
const OTHER_LIST =
  /readme|licen[cs]e|requirements|sample_?submission|_boxes\.txt$|^(wnids|words|classes|labels)\.txt$/i;

/** Location of a folder's data set. */
export interface FolderLayout {
  /** `folder`: its subfolders are classes; `list`: a list gives the labels. */
  readonly kind: "folder" | "list";
  /** Path of the folder with the class folders, or of the list. */
  readonly path: string;
}

/**
 * Finds the data set in a folder.
 *
 * @param path The folder.
 * @param options `labels`: the model's; `part`: which part to find, if there are several.
 * @throws {RanetError} If it contains images without labels, lacks the part, or contains only files of unsupported
 * formats.
 */
export async function findLayout(
  path: string,
  options: { readonly labels: readonly string[]; readonly part: Part },
): Promise<FolderLayout> {
  const { labels, part } = options;
  const { files, folders } = await list(path);
  refuseOthers(path, files);
  const find = classFinder(labels);
  if (folders.some((name) => find(name) !== undefined)) return { kind: "folder", path };
  const lists = files.filter((name) => LIST_FILE.test(name) && !OTHER_LIST.test(name));
  const hasImages = files.some((name) => IMAGE_FILE.test(name)) || folders[0] === "images";
  if (folders.length <= 1 && (hasImages || lists.length > 0)) {
    if (lists.length === 1) return { kind: "list", path: join(path, lists[0]!) };
    if (hasImages) throw unlabelled(path, lists);
  }
  const training = partOf("training", folders);
  if (training === undefined) return { kind: "folder", path };
  if (part === "training" && !(await isLabelled(join(path, training)))) {
    const own = lists.filter((name) => lists.length === 1 || /^train/i.test(name));
    if (own.length === 1) return { kind: "list", path: join(path, own[0]!) };
  }
  for (const each of [part, ...INSTEAD[part]]) {
    const name = partOf(each, folders);
    if (name === undefined) continue;
    const folder = join(path, name);
    // A test set without published labels is a single folder of images.
    if (each === "training" || await isLabelled(folder)) return await findLayout(folder, options);
  }
  const others = folders.map((name) => join(path, name)).join(", ");
  throw new RanetError(
    `Cannot open data set ${JSON.stringify(path)}: it has no folder to ${
      part === "training" ? "train on" : "validate on"
    }. Use one of ${others}, or another folder`,
  );
}

/**
 * The validation folder beside a training folder, if there is one with labels.
 *
 * @param path The folder that contains both.
 */
export async function findValidation(path: string, labels: readonly string[]): Promise<string | undefined> {
  const { folders } = await list(path);
  const find = classFinder(labels);
  if (folders.some((name) => find(name) !== undefined) || partOf("training", folders) === undefined) return undefined;
  const name = partOf("validation", folders);
  return name !== undefined && await isLabelled(join(path, name)) ? join(path, name) : undefined;
}

/** Names of files and folders. */
async function list(path: string): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const { files, folders } = await listData(path);
  return { files, folders: folders.map(({ name }) => name) };
}

function partOf(part: Part, folders: readonly string[]): string | undefined {
  return PART_NAMES[part].map((word) => folders.find((name) => name.toLowerCase() === word))
    .find((name) => name !== undefined);
}

/** Whether a folder has class folders or a list. */
async function isLabelled(path: string): Promise<boolean> {
  const { files, folders } = await list(path);
  return folders.length > 1 || files.some((name) => LIST_FILE.test(name) && !OTHER_LIST.test(name));
}

function unlabelled(path: string, lists: readonly string[]): RanetError {
  const advice = lists.length > 1
    ? `several lists, ${lists.join(", ")}: use the one with the labels`
    : "no list with labels. Add one (a CSV of path,label), or put the images into one folder per class";
  return new RanetError(`Cannot open data set ${JSON.stringify(path)}: it contains images and ${advice}`);
}

/** Refuses data sets in unsupported formats, recognised by their files' names. */
function refuseOthers(path: string, files: readonly string[]): void {
  const has = (...names: readonly string[]) => names.every((name) => files.includes(name));
  if (!has("batches.meta") && !has("data_batch_1") && !has("meta", "train", "test")) return;
  const isHundred = has("meta", "train", "test");
  const [name, folder] = isHundred ? ["CIFAR-100", "cifar-100-binary"] : ["CIFAR-10", "cifar-10-batches-bin"];
  throw new RanetError(
    `Cannot open data set ${
      JSON.stringify(path)
    }: these are ${name}'s pickles for Python, which are not read. Take the ` +
      `binary version from the same page (${folder}, files that end in .bin)`,
  );
}
