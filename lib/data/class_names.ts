/**
 * Class names for a model whose classes are numbers: the data set's names in sorted order, as in torchvision and Keras;
 * names that the data set orders (columns of ones and zeros, numbered names) keep their order.
 *
 * @module
 */

import { isUnnamed } from "../spec/classes.ts";
import { listLabels } from "./labels.ts";

/** Classes, and notes on how they were determined. */
export interface NamedClasses {
  /** The labels to which the data set's labels are matched. */
  readonly labels: readonly string[];
  /** Notes for the user. */
  readonly notes: readonly string[];
}

/**
 * Names the classes of a model whose labels are only numbers.
 *
 * @param labels The model's.
 * @param found The names in the data set, or in the order of its columns or of their numbers.
 * @returns The data set's names if the model has none and their number is the same; otherwise the model's.
 */
export function nameClasses(
  labels: readonly string[],
  found:
    | { readonly names: Iterable<string> }
    | { readonly columns: readonly string[] }
    | { readonly numbered: readonly string[] },
): NamedClasses {
  const isSorted = "names" in found;
  const names = isSorted ? [...new Set(found.names)].sort() : "columns" in found ? found.columns : found.numbered;
  if (!isUnnamed(labels) || names.length !== labels.length) return { labels, notes: [] };
  const isNumbered = names.every((name) => /^\d+$/.test(name));
  if (names.every((name) => labels.includes(name))) {
    if (names.length <= 10) return { labels, notes: [] };
    const note = `Classes are found by their numbers; programs that sort them as text order them ${
      names.slice(0, 4).join(", ")
    }, …`;
    return { labels, notes: [note] };
  }
  // Numbers can be sorted as text or by value, and both are plausible.
  if (isSorted && isNumbered && names.some((name, i) => i > 0 && Number(name) <= Number(names[i - 1]))) {
    return { labels, notes: [] };
  }
  return {
    labels: names,
    notes: [
      `The model's classes have no names: they are taken for ${listLabels(names)}, in ${
        isSorted ? "sorted order" : `the order of ${"columns" in found ? "the columns" : "their numbers"}`
      }`,
    ],
  };
}
