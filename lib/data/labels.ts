/**
 * From the labels that data sets carry to indexes among the model's.
 *
 * @module
 */

/** How many labels an error lists. */
const LISTED = 20;

/**
 * Finds labels by name, and where none is called so, a number by its value. Names may be composed of characters in either way:
 * files that come from macOS write é as e and an accent.
 *
 * @param labels The model's labels.
 * @returns A function that gives the index of a label; `undefined` if the model has no such class.
 */
export function labelFinder(labels: readonly string[]): (label: string) => number | undefined {
  const indexes = new Map(labels.map((label, index) => [label.normalize(), index]));
  return (label) => {
    const index = indexes.get(label.normalize()) ?? (/^\d{1,9}$/.test(label) ? Number(label) : undefined);
    return index !== undefined && index < labels.length ? index : undefined;
  };
}

/** Lists labels for an error message. */
export function listLabels(labels: readonly string[]): string {
  const rest = labels.length - LISTED;
  return labels.slice(0, LISTED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
