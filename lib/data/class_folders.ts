/**
 * Data sets laid out as CLASS/IMAGE, in the order of torchvision's ImageFolder: by folder name, then by file name.
 *
 * @module
 */
import { basename, join, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { BadEntries, type Dataset, type DatasetOptions } from "./dataset.ts";
import { withFile } from "../io/files.ts";
import { imageFileDataset } from "./image_files.ts";
import { listLabels } from "./labels.ts";

/** Names of files that are taken for images. */
export const IMAGE_FILE = /\.(jpe?g|png|webp|avif|gif|bmp|tiff?)$/i;
/** Folders nested deeper are refused. */
const MAX_DEPTH = 8;

/**
 * Lists a folder whose sub-folders are named after classes. Images may lie in folders further down. Names that begin
 * with a dot, links to folders, and files beside the class folders that are not images, are passed over.
 *
 * @throws {RanetError} If it has no class folders, or holds bad entries that are not to be skipped.
 */
export async function openClassFolders(path: string, options: DatasetOptions): Promise<Dataset> {
  const { labels, skipBad = false } = options;
  const bad = new BadEntries({ skip: skipBad });
  const top = await list(path);
  if (top.folders.length === 0) {
    throw new RanetError(
      `Cannot open data set ${JSON.stringify(path)}: expected folders named after the classes ` +
        `(${listLabels(labels)}), CIFAR's .bin files or IDX files, found none`,
    );
  }
  for (const file of top.files.filter((name) => IMAGE_FILE.test(name))) {
    bad.add(`Cannot use image ${JSON.stringify(join(path, file))}: it is in no class folder`);
  }
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };
  const walk = async (folder: string, label: number, depth: number): Promise<void> => {
    const { files, folders } = await list(join(path, folder));
    for (const name of files) {
      const file = `${folder}/${name}`;
      if (IMAGE_FILE.test(name)) {
        found.files.push(file);
        found.labels.push(label);
      } else {bad.add(
          `Cannot use ${
            JSON.stringify(join(path, file))
          }: expected an image: .jpg, .png, .webp, .avif, .gif, .bmp or .tif`,
        );}
    }
    for (const name of folders) {
      if (depth === MAX_DEPTH) {
        bad.add(`Cannot use ${JSON.stringify(join(path, folder, name))}: it is nested too deep`);
      } else await walk(`${folder}/${name}`, label, depth + 1);
    }
  };
  for (const folder of top.folders) {
    const label = labels.indexOf(folder);
    if (label >= 0) await walk(folder, label, 1);
    else {
      const classes = listLabels(labels);
      bad.add(`Cannot use folder ${JSON.stringify(join(path, folder))}: the model's classes are ${classes}`);
    }
  }
  return imageFileDataset({
    name: basename(resolve(path)),
    format: "class folders",
    bad: bad.messages,
    root: path,
    ...found,
  });
}

/**
 * The files and folders in a folder, each sorted by name. Links are followed to files, not to folders: those may lead in
 * circles, and an image would be counted under each of its names.
 */
async function list(path: string): Promise<{ files: string[]; folders: string[] }> {
  return await withFile(path, async () => {
    const files: string[] = [];
    const folders: string[] = [];
    for await (const entry of Deno.readDir(path)) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isSymlink && await leadsToFolder(join(path, entry.name))) continue;
      (entry.isDirectory ? folders : files).push(entry.name);
    }
    return { files: files.sort(), folders: folders.sort() };
  });
}

/** Whether a link does; one that leads nowhere is found out when it is read. */
async function leadsToFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
