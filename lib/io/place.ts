/**
 * Where files are, as people write it: paths, and URLs as text.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { hasFiles } from "./exists.ts";

/** Whether a text is a URL. Other texts are paths; so is what {@linkcode toPlace} makes of a `file:` URL. */
export function isUrl(place: string): boolean {
  return /^(https?|data|blob|file):/i.test(place);
}

/**
 * Paths stay as they are, and so do URLs, except that a `file:` URL becomes the path that it means.
 *
 * @throws {RanetError} If it is a `file:` URL of another machine, or badly encoded.
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
  if (url.hostname !== "") return refuse(`it names a file of another machine, ${url.hostname}; expected file:///path`);
  return path.replace(/^\/(?=[A-Za-z]:\/)/, ""); // as Windows has it
}

/** What messages call a place: a `data:` URL is as long as what it holds. */
export function placeName(place: string): string {
  return place.length > 200 && /^data:/i.test(place) ? `${place.slice(0, 40)}…` : place;
}

/**
 * The place of another file, from that of the first.
 *
 * @param change Gives the other's path.
 * @returns `undefined` for `data:` and `blob:`, which have nothing beside them.
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
 * The place of a small file that belongs to weights: beside `weights.safetensors`, `KIND.json`; beside `NAME.safetensors`,
 * `NAME.KIND.json`.
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
