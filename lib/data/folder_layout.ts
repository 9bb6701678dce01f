/**
 * What a folder of a data set holds: parts to train and to validate on, images with a list beside them, files of
 * another program's, or folders of classes.
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

/** What parts are called, the likeliest first. */
const PART_NAMES: Readonly<Record<Part, readonly string[]>> = {
  training: ["train", "training"],
  validation: ["val", "valid", "validation", "dev"],
  test: ["test", "testing"],
};
/** Which parts stand in for one that is not there. */
const INSTEAD: Readonly<Record<Part, readonly Part[]>> = {
  training: [],
  validation: ["test"],
  test: ["validation"],
};
/** Lists that do not contain labels. */
const OTHER_LIST =
  /readme|licen[cs]e|requirements|sample_?submission|_boxes\.txt$|^(wnids|words|classes|labels)\.txt$/i;

/** Where the data set of a folder is. */
export interface FolderLayout {
  /** `folder`: its folders are classes; `list`: a list says what its images are. */
  readonly kind: "folder" | "list";
  /** The folder of the class folders, or the list. */
  readonly path: string;
}

/**
 * Finds the data set in a folder.
 *
 * @param path The folder.
 * @param options `labels`: the model's; `part`: which is wanted, where there are several.
 * @throws {RanetError} If it holds images without labels, the wanted part is not there, or only files that are not
 * read.
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
    // A test set whose labels nobody publishes is one folder of images.
    if (each === "training" || await isLabelled(folder)) return await findLayout(folder, options);
  }
  const others = folders.map((name) => join(path, name)).join(", ");
  throw new RanetError(
    `Cannot open data set ${JSON.stringify(path)}: it holds no folder to ${
      part === "training" ? "train on" : "validate on"
    }. Give one of ${others}, or another`,
  );
}

/**
 * The folder to validate on beside one to train on, if there is one with labels.
 *
 * @param path The folder of both.
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

/** Whether a folder has folders for classes, or a list. */
async function isLabelled(path: string): Promise<boolean> {
  const { files, folders } = await list(path);
  return folders.length > 1 || files.some((name) => LIST_FILE.test(name) && !OTHER_LIST.test(name));
}

function unlabelled(path: string, lists: readonly string[]): RanetError {
  const advice = lists.length > 1
    ? `several lists are beside them, ${lists.join(", ")}: give the one that says what they are`
    : "no list beside them says what they are. Give one, a CSV of path,label; or put them into a folder for each class";
  return new RanetError(`Cannot open data set ${JSON.stringify(path)}: it holds images, and ${advice}`);
}

/** Data sets in forms that are not read, by what they are called. */
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
