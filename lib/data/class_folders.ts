/**
 * Data sets laid out as CLASS/IMAGE, in the order of torchvision's ImageFolder: by folder name, then by file name.
 *
 * @module
 */
import { basename, dirname, join, resolve, sep } from "node:path";
import { RanetError } from "../errors.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";
import { nameClasses } from "./class_names.ts";
import { BadEntries, type Dataset, type DatasetOptions } from "./dataset.ts";
import { withFile } from "../io/files.ts";
import { IMAGE_FILE, imageFileDataset } from "./image_files.ts";
import { listLabels } from "./labels.ts";
import { isOtherImage, isSystemName, PassedOver } from "./passed_over.ts";

/** Folders nested deeper are refused. */
const MAX_DEPTH = 8;

/**
 * Lists a folder whose sub-folders are named after classes. Images may lie in folders further down. Links are followed, but
 * no folder is read twice. Names that begin with a dot, what systems leave in folders, and files beside the class folders that
 * are no images are passed over; files among the images that are none are counted and told.
 *
 * @throws {RanetError} If it has no class folders, or holds bad entries that are not to be skipped.
 */
export async function openClassFolders(path: string, options: DatasetOptions): Promise<Dataset> {
  const bad = new BadEntries({ skip: options.skipBad ?? false });
  const others = new PassedOver();
  const top = await listFolder(path);
  if (top.folders.length === 0) {
    throw new RanetError(
      `Cannot open data set ${JSON.stringify(path)}: expected folders named after the classes ` +
        `(${listLabels(options.labels)}), CIFAR's .bin files, IDX files, or a list of paths and labels, found none`,
    );
  }
  const { labels, notes } = nameClasses(options.labels, top.folders);
  for (const file of top.files.filter((name) => IMAGE_FILE.test(name))) {
    bad.add(`Cannot use image ${JSON.stringify(join(path, file))}: it is in no class folder`);
  }
  const find = classFinder(labels);
  const classes = new Map<string, number>();
  const unknown: string[] = [];
  for (const folder of top.folders) {
    const label = find(folder);
    if (label === undefined) unknown.push(folder);
    else classes.set(folder, label);
  }
  const walker = await Walker.start(path, [...classes.keys()], { bad, others });
  for (const folder of unknown) {
    if (await walker.isElsewhere(folder)) continue; // another name for the folder of a class
    const why = isUnnamed(labels)
      ? `the model's ${labels.length} classes have no names, and there are ${top.folders.length} folders. Name the ` +
        "classes in the spec: ranet new NAME --classes-from FOLDER writes one"
      : `the model's classes are ${listLabels(labels)}`;
    bad.add(`Cannot use folder ${JSON.stringify(join(path, folder))}: ${why}`);
  }
  const found: { files: string[]; labels: number[] } = { files: [], labels: [] };
  for (const [folder, label] of classes) {
    for await (const file of walker.images(folder)) {
      found.files.push(file);
      found.labels.push(label);
    }
  }
  return imageFileDataset({
    name: basename(resolve(path)),
    format: "class folders",
    bad: bad.messages,
    notes: [...notes, ...others.notes],
    classes: labels,
    root: path,
    ...found,
  });
}

/** The files and folders in a folder, each sorted by name; links count as what they lead to. */
export async function listFolder(
  path: string,
): Promise<{ readonly files: string[]; readonly folders: string[]; readonly links: ReadonlySet<string> }> {
  return await withFile(path, async () => {
    const files: string[] = [];
    const folders: string[] = [];
    const links = new Set<string>();
    for await (const entry of Deno.readDir(path)) {
      if (isSystemName(entry.name)) continue;
      const isFolder = entry.isDirectory || (entry.isSymlink && await leadsToFolder(join(path, entry.name)));
      if (isFolder && entry.isSymlink) links.add(entry.name);
      (isFolder ? folders : files).push(entry.name);
    }
    return { files: files.sort(), folders: folders.sort(), links };
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

/** Goes through folders of classes, each real folder once: links may lead in circles, or to another class. */
class Walker {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #bad: BadEntries;
  readonly #others: PassedOver;
  /** The class folder that reads a real folder. */
  readonly #owners = new Map<string, string>();

  private constructor(
    root: string,
    realRoot: string,
    { bad, others }: { readonly bad: BadEntries; readonly others: PassedOver },
  ) {
    this.#root = root;
    this.#realRoot = realRoot;
    this.#bad = bad;
    this.#others = others;
  }

  /** Notes first what the class folders hold without links: a folder's own name goes before those that links give it. */
  static async start(
    root: string,
    folders: readonly string[],
    to: { readonly bad: BadEntries; readonly others: PassedOver },
  ): Promise<Walker> {
    const walker = new Walker(root, await Deno.realPath(root), to);
    for (const folder of folders) await walker.#note(folder, folder);
    return walker;
  }

  async #note(folder: string, owner: string): Promise<void> {
    const path = join(this.#root, folder);
    if (!(await Deno.lstat(path)).isSymlink) await this.#own(path, owner, 1);
  }

  /** Notes a folder, and those in it that no link leads to. */
  async #own(path: string, owner: string, depth: number): Promise<void> {
    this.#owners.set(await Deno.realPath(path), owner);
    if (depth > MAX_DEPTH) return;
    const { folders, links } = await listFolder(path);
    for (const name of folders) if (!links.has(name)) await this.#own(join(path, name), owner, depth + 1);
  }

  /** Whether a folder beside those of the classes is one of them under another name, or holds them all. */
  async isElsewhere(folder: string): Promise<boolean> {
    const real = await Deno.realPath(join(this.#root, folder));
    return this.#owners.has(real) || isAbove(real, this.#realRoot);
  }

  /** The images of a class folder, in order. */
  async *images(folder: string): AsyncGenerator<string> {
    const path = join(this.#root, folder);
    if ((await Deno.lstat(path)).isSymlink && !(await this.#claim(folder, folder))) return;
    yield* this.#walk(folder, folder, 1);
  }

  async *#walk(folder: string, owner: string, depth: number): AsyncGenerator<string> {
    const { files, folders, links } = await listFolder(join(this.#root, folder));
    for (const name of files) {
      const file = `${folder}/${name}`;
      if (IMAGE_FILE.test(name)) yield file;
      else if (!isOtherImage(name)) this.#others.add(file);
      else {
        this.#bad.add(
          `Cannot use ${JSON.stringify(join(this.#root, file))}: expected .jpg, .png, .webp, .avif, .gif, .bmp or .tif`,
        );
      }
    }
    for (const name of folders) {
      const inner = `${folder}/${name}`;
      if (links.has(name) && !(await this.#claim(inner, owner))) continue;
      if (depth < MAX_DEPTH) yield* this.#walk(inner, owner, depth + 1);
      else this.#bad.add(`Cannot use ${JSON.stringify(join(this.#root, inner))}: it is nested too deep`);
    }
  }

  /** Whether what a link leads to has not been read, and will not be. */
  async #claim(folder: string, owner: string): Promise<boolean> {
    const path = join(this.#root, folder);
    const real = await Deno.realPath(path);
    if (isAbove(real, this.#realRoot) || isAbove(real, await Deno.realPath(dirname(path)))) return false; // a circle
    const other = this.#owners.get(real);
    if (other === undefined) {
      await this.#own(path, owner, 1);
      return true;
    }
    if (other !== owner) {
      this.#bad.add(`Cannot use folder ${JSON.stringify(path)}: it is the same as one of ${other}, another class`);
    }
    return false;
  }
}

/** Whether a folder is another, or holds it. */
function isAbove(folder: string, other: string): boolean {
  return folder === other || other.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
