/**
 * Locations of files: paths and URLs.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { hasFiles } from "./exists.ts";

/** Whether a text is a URL. Other texts are paths, including the result of {@linkcode toPlace} for a `file:` URL. */
export function isUrl(place: string): boolean {
  return /^(https?|data|blob|file):/i.test(place);
}

/**
 * Converts a `file:` URL to a path. Other URLs and paths are returned unchanged.
 *
 * @throws {RanetError} If it is a `file:` URL of another host, or badly encoded.
 */
export function toPlace(place: string | URL): string {
  const text = String(place);
  if (!/^file:/i.test(text) || !hasFiles()) return text;
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot use ${JSON.stringify(text)}: ${reason}`);
  };
  let url: URL;
  let path: string;
  try {
    url = new URL(text);
    path = decodeURIComponent(url.pathname);
  } catch {
    return refuse("expected file:///path, with % written as %25");
  }
  if (url.hostname !== "") return refuse(`it refers to another host, ${url.hostname}; expected file:///path`);
  return path.replace(/^\/(?=[A-Za-z]:\/)/, ""); // a Windows path
}

/** A place's name in messages. A `data:` URL is shortened, because it contains the data. */
export function placeName(place: string): string {
  return place.length > 200 && /^data:/i.test(place) ? `${place.slice(0, 40)}…` : place;
}

/**
 * Derives the place of another file.
 *
 * @param change Returns the other file's path.
 * @returns `undefined` for `data:` and `blob:`, which have no folder.
 */
export function changePath(place: string, change: (path: string) => string): string | undefined {
  if (!isUrl(place)) return change(place);
  if (!/^https?:/i.test(place)) return undefined;
  const url = new URL(place);
  url.pathname = change(url.pathname);
  return url.href;
}

/** The place of a file in a folder. A URL keeps its query. */
export function inFolder(folder: string, name: string): string {
  return changePath(folder, (path) => `${path.replace(/\/+$/, "")}/${name}`)!;
}

/**
 * The place of a side file of weights: `KIND.json` beside `weights.safetensors`, `NAME.KIND.json` beside
 * `NAME.safetensors`.
 *
 * @returns `undefined` if there can be none.
 */
export function sideFile(weights: string, kind: "temperatures" | "calibration"): string | undefined {
  return changePath(
    weights,
    (path) =>
      /(^|[\\/])weights\.safetensors$/.test(path)
        ? path.replace(/weights\.safetensors$/, `${kind}.json`)
        : `${path.replace(/\.safetensors$/, "")}.${kind}.json`,
  );
}
