/**
 * Other files among the images of a folder: files of operating systems are ignored silently, images in unsupported
 * formats are errors, and the rest is counted and reported.
 *
 * @module
 */

import { type FolderEntries, type LinkTrail, listFolder } from "../io/list_folder.ts";

/** Files left by Windows, macOS, archives and network drives. */
const SYSTEM = new Set(["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r", "lost+found"]);
/** Images in unsupported formats. */
const OTHER_IMAGE = /\.(hei[cf]|jp2|j2k|jxl|svg|psd|tga|dng|cr[23]|nef|arw|orf|raf|rw2|ico|dcm)$/i;
/** Most files that a message names. */
const NAMED = 3;

/** Lists a folder as `listFolder` does, without files of operating systems. */
export async function listData(path: string, trail?: LinkTrail): Promise<FolderEntries> {
  const { files, folders } = await listFolder(path, trail);
  const isOurs = (name: string) => !SYSTEM.has(name.toLowerCase());
  return { files: files.filter(isOurs), folders: folders.filter(({ name }) => isOurs(name)) };
}

/** Whether a file is an image in an unsupported format. */
export function isOtherImage(name: string): boolean {
  return OTHER_IMAGE.test(name);
}

/** Advice for an image in an unsupported format. */
export function converterFor(name: string): string {
  const end = name.slice(name.lastIndexOf(".")).toLowerCase();
  const all = /^\.(tga|jp2|j2k|psd|ico|svg)$/.test(end) ? `, all of a folder by mogrify -format png *${end}` : "";
  return `${end} is not supported: convert such files first${all}`;
}

/** Counts files that are not images. */
export class PassedOver {
  readonly #named: string[] = [];
  #count = 0;

  /** Counts one file. */
  add(file: string): void {
    if (++this.#count <= NAMED) this.#named.push(file);
  }

  /** A note about all ignored files; empty if there are none. */
  get notes(): readonly string[] {
    if (this.#count === 0) return [];
    const [files, are] = this.#count === 1 ? ["file", "is not an image"] : ["files", "are not images"];
    const names = this.#named.join(", ");
    return [`Ignored ${this.#count} ${files} that ${are}${this.#count > NAMED ? ", such as" : ":"} ${names}`];
  }
}
