/**
 * Data sets laid out as CLASS/IMAGE, in the order of torchvision's ImageFolder: by folder name, then by file name.
 *
 * @module
 */
import { basename, join, resolve } from "node:path";
import { datasetError } from "./dataset_error.ts";
import type { LinkTrail } from "../io/list_folder.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { nameClasses } from "./class_names.ts";
import { BadEntries, type Dataset, type DatasetOptions } from "./dataset.ts";
import { imageFileDataset, sampleFiles } from "./image_files.ts";
import { listLabels } from "./labels.ts";
import { converterFor, isOtherImage, listData, PassedOver } from "./passed_over.ts";

/** Folders nested deeper are refused. */
const MAX_DEPTH = 8;

/** A class folder, or a folder inside one. */
interface Place {
  /** Depth below the data set's folder. */
  readonly depth: number;
  /** The links on the path to it. */
  readonly trail: LinkTrail;
  /** The class folder that contains it. */
  readonly owner: string;
}

/**
 * Lists a folder whose subfolders are named after classes. Images may be in nested folders. Links to folders are
 * followed, as torchvision follows them, but no folder is read twice. Names that begin with a dot, files of operating
 * systems, and files beside the class folders are ignored. Other files among the images are counted and reported.
 *
 * @throws {RanetError} If it has no class folders, or, without `skipBad`, has bad entries.
 */
export async function openClassFolders(path: string, options: DatasetOptions): Promise<Dataset> {
  const bad = new BadEntries({ skip: options.skipBad ?? false });
  const others = new PassedOver();
  const top = await listData(path);
  if (top.folders.length === 0) {
    throw datasetError(
      path,
      `expected folders named after the classes ` +
        `(${listLabels(options.labels)}), CIFAR's .bin files, IDX files, or a list of paths and labels, found none`,
    );
  }
  const { labels, notes } = nameClasses(options.labels, { names: top.folders.map(({ name }) => name) });
  const wanted = sampleFiles(options);
  for (const file of top.files.filter((name) => wanted.test(name))) {
    bad.add(`Cannot use image ${JSON.stringify(join(path, file))}: it is in no class folder`);
  }
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };
  /** The class folder through which each real folder has been read. */
  const owners = new Map<string, string>();
  const walk = async (folder: string, label: number, { depth, trail, owner }: Place): Promise<void> => {
    const real = await Deno.realPath(join(path, folder));
    const other = owners.get(real);
    if (other !== undefined && other !== owner) {
      bad.add(
        `Cannot use folder ${JSON.stringify(join(path, folder))}: it is the same as one of ${other}, another class`,
      );
    }
    if (other !== undefined) return;
    owners.set(real, owner);
    const { files, folders } = await listData(join(path, folder), trail);
    for (const name of files) {
      const file = `${folder}/${name}`;
      if (wanted.test(name)) {
        found.files.push(file);
        found.labels.push(label);
      } else if (!isOtherImage(name)) others.add(file);
      else {
        const what = JSON.stringify(join(path, file));
        bad.add(
          `Cannot use ${what}: expected an image: .jpg, .png, .webp, .avif, .gif, .bmp, .tif or .ppm; ${
            converterFor(name)
          }`,
        );
      }
    }
    for (const { name, trail } of folders) {
      if (depth < MAX_DEPTH) await walk(`${folder}/${name}`, label, { depth: depth + 1, trail, owner });
      else bad.add(`Cannot use ${JSON.stringify(join(path, folder, name))}: it is nested too deep`);
    }
  };
  const find = classFinder(labels);
  for (const { name: folder, trail } of top.folders) {
    const label = find(folder);
    if (label !== undefined) {
      await walk(folder, label, { depth: 1, trail, owner: folder });
      continue;
    }
    const classes = isUnnamed(labels)
      ? `the model's ${labels.length} classes have no names, and there are ${top.folders.length} folders`
      : `the model's classes are ${listLabels(labels)}`;
    const why = `${classes}. A model of these folders' classes has a spec that names them`;
    bad.add(`Cannot use folder ${JSON.stringify(join(path, folder))}: ${why}`, { classesFrom: path });
  }
  return imageFileDataset({
    name: basename(resolve(path)),
    format: "class folders",
    bad: bad.messages,
    notes: [...notes, ...others.notes],
    classes: labels,
    root: path,
    channels: options.channels,
    ...found,
  });
}
