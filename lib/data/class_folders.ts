/**
 * Data sets laid out as CLASS/IMAGE, in the order of torchvision's ImageFolder: by folder name, then by file name.
 *
 * @module
 */
import { basename, join, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { BadEntries, type Dataset, type DatasetOptions } from "./dataset.ts";
import { type LinkTrail, listFolder } from "../io/list_folder.ts";
import { imageFileDataset } from "./image_files.ts";
import { listLabels } from "./labels.ts";

/** Names of files that are taken for images. */
export const IMAGE_FILE = /\.(jpe?g|jpe|jfif|pjpe?g|pjp|mpo|png|apng|webp|avifs?|gif|bmp|dib|tiff?)$/i;
/** Folders nested deeper are refused. */
const MAX_DEPTH = 8;

/** Where a folder is. */
interface Place {
  /** Counted from the data set's own. */
  readonly depth: number;
  /** The links that lead there. */
  readonly trail: LinkTrail;
}

/**
 * Lists a folder whose sub-folders are named after classes. Images may lie in folders further down. Names that begin
 * with a dot, and files beside the class folders that are not images, are passed over; links to folders are followed, as
 * torchvision follows them, but not in circles.
 *
 * @throws {RanetError} If it has no class folders, or holds bad entries that are not to be skipped.
 */
export async function openClassFolders(path: string, options: DatasetOptions): Promise<Dataset> {
  const { labels, skipBad = false } = options;
  const bad = new BadEntries({ skip: skipBad });
  const top = await listFolder(path);
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
  const walk = async (folder: string, label: number, { depth, trail }: Place): Promise<void> => {
    const { files, folders } = await listFolder(join(path, folder), trail);
    for (const name of files) {
      const file = `${folder}/${name}`;
      if (IMAGE_FILE.test(name)) {
        found.files.push(file);
        found.labels.push(label);
      } else {
        const what = JSON.stringify(join(path, file));
        bad.add(`Cannot use ${what}: expected an image: .jpg, .png, .webp, .avif, .gif, .bmp or .tif`);
      }
    }
    for (const { name, trail } of folders) {
      if (depth === MAX_DEPTH) {
        bad.add(`Cannot use ${JSON.stringify(join(path, folder, name))}: it is nested too deep`);
      } else await walk(`${folder}/${name}`, label, { depth: depth + 1, trail });
    }
  };
  for (const { name: folder, trail } of top.folders) {
    const label = labels.indexOf(folder);
    if (label >= 0) await walk(folder, label, { depth: 1, trail });
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
