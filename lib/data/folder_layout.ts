/**
 * Determines the layout of a data set's folder: parts for training and validation, images with a list, class folders,
 * or files of an unsupported format.
 *
 * @module
 */

import { basename, join } from "node:path";
import { RanetError } from "../errors.ts";
import { datasetError } from "./dataset_error.ts";
import { classFinder } from "../spec/classes.ts";
import { IMAGE_FILE, isSampleFile } from "./image_files.ts";
import { listLabels } from "./labels.ts";
import { findEnd } from "./list_files.ts";
import { readTable } from "./list_table.ts";
import { haveLabels } from "./named_files.ts";
import {
  findGroups,
  foldersOnly,
  hasImagesIn,
  isNamedAfter,
  isNamedAfterPart,
  onlyNamedAfter,
  type Part,
  partOf,
  SUBSTITUTES,
  withoutWrappers,
} from "./parts.ts";
import { listData } from "./passed_over.ts";
import { publishedList } from "./published_lists.ts";
import { hasLinesOf } from "./read_list.ts";
import { adviceFor } from "./refused_files.ts";
import { findListOver, findSplitLists, isList, type SplitLists } from "./split_lists.ts";

/** Lines of a list that are tried. */
const TRIED = 4;
/** Most lists that a note names. */
const NAMED_LISTS = 3;
/** Most folders that are searched for unsupported files. */
const LOOKED_INTO = 8;

/** Location of a folder's data set. */
export interface FolderLayout {
  /** `folder`: its subfolders are classes; `list`: a list gives the labels; `names`: the names of its images do. */
  readonly kind: "folder" | "list" | "names";
  /** Path of the folder with the class folders or the images, or of the list. */
  readonly path: string;
  /** Notes for the user. Default: none. */
  readonly notes?: readonly string[];
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
  const contents = await list(path);
  const published = publishedList(contents.files);
  if (published !== undefined) return { kind: "list", path: join(path, published) };
  const splits = await splitLists(path, contents);
  const parts = [options.part, ...SUBSTITUTES[options.part]];
  const split = parts.map((part) => splits?.parts[part]).find((list) => list !== undefined);
  if (split !== undefined) return { kind: "list", path: split };
  const found = await layoutOf(path, contents, options);
  const unused = (splits?.unused ?? []).filter((list) => list !== found.path);
  if (unused.length === 0) return found;
  const note = `Not used: ${unused.slice(0, NAMED_LISTS).join(", ")}${
    unused.length > NAMED_LISTS ? " and others" : ""
  }. To use only the images of such a list, give it instead of the folder`;
  return { ...found, notes: [note, ...found.notes ?? []] };
}

/** The layout of a folder without a list for each part. */
async function layoutOf(
  path: string,
  { files, folders }: Contents,
  options: { readonly labels: readonly string[]; readonly part: Part },
): Promise<FolderLayout> {
  const { labels, part } = options;
  const find = classFinder(labels);
  if (folders.some((name) => find(name) !== undefined)) return { kind: "folder", path };
  const lists = files.filter(isList);
  const hasImages = files.some((name) => IMAGE_FILE.test(name)) ||
    folders[0] === "images" && await foldersOnly(join(path, folders[0])) === undefined;
  if (folders.length <= 1 && (hasImages || lists.length > 0)) {
    const [only = ""] = lists;
    const isOfOther = part === "training" && folders.length === 1 && isNamedAfter("test", only);
    if (lists.length === 1 && !isOfOther) return { kind: "list", path: join(path, only) };
    if (lists.length === 0 && haveLabels(files, labels)) {
      return { kind: "names", path, notes: ["Labels are the beginnings of the files' names"] };
    }
    if (hasImages) throw unlabelled(path, lists);
  }
  if (folders.length === 1 && !hasImages) {
    const inner = join(path, folders[0]!);
    const contents = await list(inner);
    if (contents.folders.length > 0 || hasList(contents.files)) return await findLayout(inner, options);
  }
  const own = lists.filter((name) => lists.length === 1 || /^train/i.test(name));
  const training = await trainingPart(path, folders, own);
  if (training === undefined) return await groupedLayout(path, { files, folders, labels, part });
  if (part === "training" && !(await isLabelled(join(path, training), labels))) {
    if (own.length === 1) return { kind: "list", path: join(path, own[0]!) };
  }
  for (const each of [part, ...SUBSTITUTES[part]]) {
    const name = partOf(each, folders);
    if (name === undefined) continue;
    const folder = join(path, name);
    // A test set without published labels is a single folder of images.
    if (each === "training" || await isLabelled(folder, labels)) return await findLayout(folder, options);
    const list = await listOf(each, { path, lists });
    if (list !== undefined) return { kind: "list", path: list };
  }
  const others = folders.map((name) => join(path, name)).join(", ");
  throw datasetError(
    path,
    `it has no folder to ${part === "training" ? "train on" : "validate on"}. Use one of ${others}, or another folder`,
  );
}

/**
 * The validation folder beside a training folder, if there is one with labels.
 *
 * @param path The folder that contains both.
 */
export async function findValidation(path: string, labels: readonly string[]): Promise<string | undefined> {
  const find = classFinder(labels);
  const isClass = (name: string) => find(name) !== undefined;
  const outer = await list(path);
  const only = onlyList(path, outer);
  if (only !== undefined) return await hasLinesOf("validation", only, labels) ? only : undefined;
  const splits = await splitLists(path, outer);
  if (splits?.parts.training !== undefined) return splits.parts.validation;
  if (outer.folders.some(isClass)) return undefined;
  const [wrapped, ...others] = await foldersOnly(path) ?? [];
  if (wrapped !== undefined && others.length === 0) return await findValidation(join(path, wrapped), labels);
  const name = partOf("training", outer.folders) && partOf("validation", outer.folders);
  return name !== undefined && await isLabelled(join(path, name), labels) ? join(path, name) : undefined;
}

/** The list that has all parts of a folder. */
function onlyList(path: string, { files, folders }: Contents): string | undefined {
  const lists = files.filter(isList);
  const only = publishedList(files) ?? (folders.length <= 1 && lists.length === 1 ? lists[0] : undefined);
  return only && join(path, only);
}

/** The lists of a folder's parts, unless folders are its parts. */
async function splitLists(
  path: string,
  contents: Contents,
): Promise<SplitLists | undefined> {
  return partOf("training", contents.folders) === undefined ? await findSplitLists(path, contents) : undefined;
}

/**
 * The layout of a folder without names of the model's classes or of parts: its folders are classes, unless they contain
 * folders of images.
 *
 * @throws {RanetError} If several of them do and are parts of one data set, or the folder contains only unsupported
 * files.
 */
async function groupedLayout(
  path: string,
  { files, folders, labels, part }: {
    readonly files: readonly string[];
    readonly folders: readonly string[];
    readonly labels: readonly string[];
    readonly part: Part;
  },
): Promise<FolderLayout> {
  const groups = await findGroups(path, folders);
  if (groups === undefined) {
    await refuseUnread(path, files, folders);
    const over = await findListOver(path, { files, folders, labels });
    return over === undefined ? { kind: "folder", path } : { kind: "list", path: over };
  }
  const find = classFinder(labels);
  const fitting: string[] = [];
  for (const group of groups.paths) {
    const { folders } = await list(group);
    if (folders.some((name) => find(name) !== undefined)) fitting.push(group);
  }
  const [only, ...others] = fitting.length > 0 ? fitting : groups.paths;
  if (others.length === 0 && only !== undefined) return await findLayout(only, { labels, part });
  if (fitting.length === 0 && !groups.areParts) {
    const note = `Classes are the folders of ${path} (${listLabels(folders)}), not the folders inside these. If the ` +
      "classes are folders inside, move them into one folder, or write a list";
    return { kind: "folder", path, notes: [note] };
  }
  throw datasetError(
    path,
    `its folders contain folders with the same names, like parts of a data set. Use one ` +
      `of ${[only, ...others].join(", ")}; if they are classes, list them in the spec`,
  );
}

/** Refuses a folder that contains, directly or in subfolders, only files that are not supported. */
async function refuseUnread(path: string, files: readonly string[], folders: readonly string[]): Promise<void> {
  const inside = await Promise.all(
    folders.slice(0, LOOKED_INTO).map(async (name) =>
      (await list(join(path, name))).files.map((file) => join(name, file))
    ),
  );
  const all = [...files, ...inside.flat()];
  // Arrays in class folders are samples. Elsewhere they contain many samples.
  if (files.some((name) => IMAGE_FILE.test(name)) || inside.flat().some(isSampleFile)) return;
  const file = all.find((name) => adviceFor(name) !== undefined && !/\.(json|ya?ml)$/i.test(name));
  if (file === undefined) return;
  throw datasetError(path, `it contains no images, only ${JSON.stringify(file)}; ${adviceFor(file)}`, {
    code: "unsupported",
  });
}

/**
 * The training folder; `undefined` if `train` contains images like the folders beside it, because it is then a class
 * (trains), and no list contains its images.
 *
 * @param lists Lists of training images in `path`.
 */
async function trainingPart(
  path: string,
  folders: readonly string[],
  lists: readonly string[],
): Promise<string | undefined> {
  const training = partOf("training", folders) ?? await onlyWithImages(path, folders);
  if (training === undefined || await foldersOnly(join(path, training)) !== undefined) return training;
  const folder = join(path, training);
  if (hasList((await list(folder)).files)) return training;
  for (const name of lists) if (await listsImagesIn(folder, join(path, name))) return training;
  const others = folders.filter((name) => name !== training && !isNamedAfterPart(name));
  return await hasImagesIn(path, others) ? undefined : training;
}

/** Whether the first lines of a list contain images in a folder beside it. */
async function listsImagesIn(folder: string, list: string): Promise<boolean> {
  const start = `${basename(folder)}/`;
  try {
    const cells = (await readTable(list)).slice(0, TRIED).flatMap(({ cells }) => cells);
    const names = cells.filter((cell) => !cell.includes(".."))
      .map((cell) => cell.startsWith(start) ? cell.slice(start.length) : cell);
    return findEnd(folder, names) !== undefined;
  } catch (error) {
    if (error instanceof RanetError) return false; // a table of something else
    throw error;
  }
}

/** The only folder named after the training part that has images, where others have records of them, say. */
async function onlyWithImages(path: string, folders: readonly string[]): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of folders.filter((name) => isNamedAfter("training", name))) {
    if (await foldersOnly(join(path, name)) === undefined) found.push(name);
  }
  return found.length === 1 ? found[0] : undefined;
}

/** A part's list beside its folder, if it has the same columns as the list of training images. */
async function listOf(
  part: Part,
  { path, lists }: { readonly path: string; readonly lists: readonly string[] },
): Promise<string | undefined> {
  const [training, own] = [onlyNamedAfter("training", lists), onlyNamedAfter(part, lists)];
  if (training === undefined || own === undefined) return undefined;
  const [columns, ownColumns] = await Promise.all([training, own].map(async (name) => {
    const [header] = await readTable(join(path, name));
    return header?.cells.join();
  }));
  return columns !== undefined && columns === ownColumns ? join(path, own) : undefined;
}

/** Names of files and folders. */
interface Contents {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

async function list(path: string): Promise<Contents> {
  const { files, folders } = await listData(path);
  return { files, folders: folders.map(({ name }) => name) };
}

/** Whether a folder has class folders or a list, or labels in the names of its images. */
async function isLabelled(path: string, labels: readonly string[]): Promise<boolean> {
  const { files, folders } = await list(await withoutWrappers(path));
  return folders.length > 1 || hasList(files) || haveLabels(files, labels);
}

function hasList(files: readonly string[]): boolean {
  return files.some(isList);
}

function unlabelled(path: string, lists: readonly string[]): RanetError {
  const advice = lists.length > 1
    ? `several lists, ${lists.join(", ")}: use the one with the labels`
    : "no list with labels. Add one (a CSV of path,label), or put the images into one folder per class";
  return datasetError(path, `it contains images and ${advice}`);
}
