/**
 * Compares classes by name, for example those of weights and a spec, or of a data set and a model. Number and position
 * are never used.
 *
 * @module
 */

import { IMAGENET_LABELS } from "./imagenet_labels.ts";
import { IMAGENET_SYNSETS } from "./imagenet_synsets.ts";

/** Result of finding wanted classes among given ones. */
export interface ClassMatch {
  /** Index of each wanted class among the given ones; -1 if it is missing. */
  readonly indexes: readonly number[];
  /** Number of wanted classes that were found. */
  readonly shared: number;
  /** Whether both lists have the same classes in the same order. */
  readonly isSame: boolean;
}

/**
 * Finds classes by name. ImageNet's WordNet ids are synonyms of its labels. Classes that only have numbers (see
 * {@linkcode isUnnamed}) match only the same number of such classes.
 *
 * @param wanted Classes to find.
 * @param given Classes to search.
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

/** Whether the names of classes are only their numbers, as with `classes: 10` in a spec. */
export function isUnnamed(classes: readonly string[]): boolean {
  return classes.every((name, index) => name === String(index));
}

/**
 * Finds classes by name, and ImageNet's also by WordNet id. Names are compared in Unicode's composed form, because file
 * names from macOS have é as e and an accent.
 *
 * @returns A function that returns the index of a name; `undefined` if there is no such class.
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

/** Whether all classes are among the names. */
function isAll(names: readonly string[], classes: readonly string[]): boolean {
  const all = new Set(names);
  return classes.every((name) => all.has(name));
}
