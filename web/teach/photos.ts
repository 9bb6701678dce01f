/**
 * The user's classes and photos.
 *
 * @module
 */

/** A photo that has been read. */
export interface Photo {
  readonly id: number;
  readonly name: string;
  /** Pixels at the network's input size: red, green and blue, pixel by pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Thumbnail. */
  readonly thumbnail: Blob;
}

/** A class. */
export interface TaughtClass {
  readonly id: number;
  name: string;
  readonly photos: Photo[];
}

/** Recommended minimum number of photos per class. */
export const FEW = 10;
/** Share of another class's photos below which a class gets a hint. */
const FAR_FEWER = 1 / 3;
/** Minimum number of photos per class. Two are set aside for validation. */
const LEAST = 4;
/** Maximum length of a name, as in specs. */
export const LONGEST_NAME = 200;

/** A hint about the number of photos of a class; empty if it is sufficient. */
export function hint({ photos }: TaughtClass, all: readonly TaughtClass[]): string {
  const most = Math.max(...all.map(({ photos }) => photos.length));
  if (photos.length === 0) return "no photos yet: drop photos or a folder here";
  if (photos.length < FEW) return `more photos are recommended: at least ${FEW}`;
  return photos.length < FAR_FEWER * most ? `far fewer than another class, which has ${most}` : "";
}

/** What is missing before training can start; `undefined` if nothing is. */
export function missing(all: readonly TaughtClass[]): string | undefined {
  const names = all.map(({ name }) => name.trim());
  if (all.length < 2) return "Add another class: there must be at least two.";
  if (names.includes("")) return "Give every class a name.";
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two classes are named ${twice}: rename one of them.`;
  const few = all.filter(({ photos }) => photos.length < LEAST);
  if (few.length === 0) return undefined;
  return `Add photos to ${few.map(({ name }) => name).join(", ")}: at least ${LEAST} per class.`;
}
