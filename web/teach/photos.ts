/**
 * The classes that are taught and their photos, as the page knows them.
 *
 * @module
 */

/** A photo that has been read. */
export interface Photo {
  readonly id: number;
  readonly name: string;
  /** What the network sees: red, green and blue, pixel by pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** A small picture. */
  readonly thumbnail: Blob;
}

/** A class. */
export interface TaughtClass {
  readonly id: number;
  name: string;
  readonly photos: Photo[];
}

/** Fewer photos of a class are few. */
export const FEW = 10;
/** A class with less than this share of the photos of another has far fewer. */
const FAR_FEWER = 1 / 3;
/** Fewer photos of a class cannot be trained on: two are set aside. */
const LEAST = 4;
/** Longest name, as specs have them. */
export const LONGEST_NAME = 200;

/** A gentle word on how many photos a class has; empty if all is well. */
export function hint({ photos }: TaughtClass, all: readonly TaughtClass[]): string {
  const most = Math.max(...all.map(({ photos }) => photos.length));
  if (photos.length === 0) return "no photos yet: drop some here, or a folder";
  if (photos.length < FEW) return `a few more would help: ${FEW} or more`;
  return photos.length < FAR_FEWER * most ? `far fewer than another class, with ${most}` : "";
}

/** What is still to be done before training can begin; `undefined` if nothing is. */
export function missing(all: readonly TaughtClass[]): string | undefined {
  const names = all.map(({ name }) => name.trim());
  if (all.length < 2) return "Add another class: there must be at least two.";
  if (names.includes("")) return "Give every class a name.";
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two classes are called ${twice}: give one another name.`;
  const few = all.filter(({ photos }) => photos.length < LEAST);
  if (few.length === 0) return undefined;
  return `Give ${few.map(({ name }) => name).join(", ")} at least ${LEAST} photos each.`;
}
