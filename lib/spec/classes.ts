/**
 * Comparing the classes of two parties, weights and a spec or a data set and a model, by their names. Never by how many there
 * are, nor by their places.
 *
 * @module
 */

import { IMAGENET_LABELS } from "./imagenet_labels.ts";
import { IMAGENET_SYNSETS } from "./imagenet_synsets.ts";

/** How wanted classes are found among given ones. */
export interface ClassMatch {
  /** For each wanted class its index among the given ones; -1 if they lack it. */
  readonly indexes: readonly number[];
  /** How many of the wanted classes the given ones have. */
  readonly shared: number;
  /** Whether both are the same classes in the same order. */
  readonly isSame: boolean;
}

/**
 * Finds classes by name. ImageNet's WordNet ids are other names of its labels. Classes that only have numbers (see
 * {@linkcode isUnnamed}) are found among as many such classes, and among no others.
 *
 * @param wanted Classes to find.
 * @param given Classes to find them among.
 */
export function matchClasses(wanted: readonly string[], given: readonly string[]): ClassMatch {
  if (isUnnamed(wanted) !== isUnnamed(given) || (isUnnamed(wanted) && wanted.length !== given.length)) {
    return { indexes: wanted.map(() => -1), shared: 0, isSame: false };
  }
  const find = classFinder(given);
  const indexes = wanted.map((name) => find(name) ?? -1);
  return {
    indexes,
    shared: indexes.filter((index) => index >= 0).length,
    isSame: wanted.length === given.length && indexes.every((index, i) => index === i),
  };
}

/** Whether classes have no names but their numbers, as `classes: 10` in a spec makes them. */
export function isUnnamed(classes: readonly string[]): boolean {
  return classes.every((name, index) => name === String(index));
}

/**
 * Finds classes by name; ImageNet's by their WordNet ids too. How accents are written makes no difference: files that come
 * from macOS have é as e and an accent.
 *
 * @returns A function that gives the index of a name; `undefined` if there is no such class.
 */
export function classFinder(classes: readonly string[]): (name: string) => number | undefined {
  const indexes = new Map(classes.map((name, index) => [name.normalize(), index]));
  const find = (name: string) => indexes.get(name.normalize());
  if (!classes.some((name) => /^n\d{8}$/.test(name)) && !isAll(IMAGENET_LABELS, classes)) {
    return find;
  }
  const others = new Map(
    IMAGENET_SYNSETS.flatMap((id, i) => [[id, IMAGENET_LABELS[i]] as const, [IMAGENET_LABELS[i], id] as const]),
  );
  return (name) => find(name) ?? find(others.get(name) ?? "");
}

/** Whether classes are some of the names. */
function isAll(names: readonly string[], classes: readonly string[]): boolean {
  const all = new Set(names);
  return classes.every((name) => all.has(name));
}
