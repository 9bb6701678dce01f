/**
 * Class names for a model whose classes are numbers: the names in the data set, in sorted order, as torchvision and
 * Keras number them.
 *
 * @module
 */

import { isUnnamed } from "../spec/classes.ts";
import { listLabels } from "./labels.ts";

/** Classes, and what a person should know of how they were found. */
export interface NamedClasses {
  /** The labels that those of the data set are matched to. */
  readonly labels: readonly string[];
  /** What to say. */
  readonly notes: readonly string[];
}

/**
 * Names the classes of a model that has numbers alone.
 *
 * @param labels The model's.
 * @param found The names that a data set has.
 * @returns The model's, unless it has no names and there are as many in the data set.
 */
export function nameClasses(labels: readonly string[], found: Iterable<string>): NamedClasses {
  const names = [...new Set(found)].sort();
  if (!isUnnamed(labels) || names.length !== labels.length) return { labels, notes: [] };
  const isNumbered = names.every((name) => /^\d+$/.test(name));
  if (names.every((name) => labels.includes(name))) {
    if (names.length <= 10) return { labels, notes: [] };
    const note = `Classes are found by their numbers; programs that sort them as text order them ${
      names.slice(0, 4).join(", ")
    }, …`;
    return { labels, notes: [note] };
  }
  // Neither numbers as text nor by value are in doubt less than the other.
  if (isNumbered && names.some((name, i) => i > 0 && Number(name) <= Number(names[i - 1]))) {
    return { labels, notes: [] };
  }
  return {
    labels: names,
    notes: [`The model's classes have no names: they are taken for ${listLabels(names)}, in sorted order`],
  };
}
