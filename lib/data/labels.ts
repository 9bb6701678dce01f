/**
 * Maps a data set's labels to indexes of the model's classes. Whether labels are names or indexes is decided once for
 * the whole data set.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { classFinder, isUnnamed } from "../spec/classes.ts";

/** How labels are interpreted. */
export type LabelReading = "names" | "indexes";

/** Most labels that an error lists. */
const LISTED = 20;
/** Most interpretations that an error shows. */
const SHOWN = 4;

/** Options of {@linkcode labelFinder}. */
export interface LabelOptions {
  /** The model's labels. */
  readonly labels: readonly string[];
  /** How labels are interpreted, if that is known. */
  readonly readLabels?: LabelReading;
  /** Whether samples with unknown labels are skipped. */
  readonly skipBad?: boolean;
  /** The data set's name in errors. */
  readonly source: string;
}

/** Returns the index of a label's class; `undefined` if the model has no such class. */
export type LabelFinder = (label: string) => number | undefined;

/**
 * Decides whether a data set's labels are class names or indexes.
 *
 * @param marks All distinct labels of the data set.
 * @throws {RanetError} If both or neither fit and `readLabels` is not given. The message shows both interpretations.
 */
export function labelFinder(marks: Iterable<string>, options: LabelOptions): LabelFinder {
  const { labels, readLabels, skipBad = false } = options;
  const byName = numberFinder(labels);
  const byIndex: LabelFinder = (label) => {
    const index = /^\d{1,9}$/.test(label) ? Number(label) : labels.length;
    return index < labels.length ? index : undefined;
  };
  if (readLabels !== undefined) return readLabels === "names" ? byName : byIndex;
  const distinct = [...new Set(marks)];
  const numbers = distinct.filter((label) => /^\d+$/.test(label));
  if (numbers.length === 0 || isUnnamed(labels)) return byName;
  const readings = { names: byName, indexes: byIndex };
  const fits = (find: LabelFinder) => numbers.every((label) => find(label) !== undefined);
  if (!labels.some((name) => /^\d+$/.test(name))) {
    if (distinct.some((label) => byName(label) !== undefined)) return byName;
    // Labels from 1 to N are most likely counted from 1. Skipping N as unknown would make all other labels wrong.
    const isFromOne = countFromOne(numbers, labels);
    const isWhole = fits(byIndex) && numbers.length === distinct.length;
    if (isWhole || (skipBad && !isFromOne)) return byIndex;
    throw undecided(numbers, readings, options);
  }
  if (numbers.every((label) => byName(label) !== undefined && byName(label) === byIndex(label))) return byName;
  if (fits(byName) && !fits(byIndex)) return byName;
  throw undecided(numbers, readings, options);
}

/** Finds classes by name, and names with leading zeros (`00016`) also by their number. */
function numberFinder(labels: readonly string[]): LabelFinder {
  const find = classFinder(labels);
  const numbers = new Map(labels.map((name, index) => [/^\d+$/.test(name) ? Number(name) : undefined, index]));
  if (numbers.has(undefined) || numbers.size < labels.length) return find;
  return (label) => find(label) ?? (/^\d+$/.test(label) ? numbers.get(Number(label)) : undefined);
}

function countFromOne(numbers: readonly string[], labels: readonly string[]): boolean {
  return numbers.includes(String(labels.length)) && !numbers.includes("0");
}

function undecided(
  numbers: readonly string[],
  readings: Readonly<Record<LabelReading, LabelFinder>>,
  { labels, source }: LabelOptions,
): RanetError {
  const shown = numbers.toSorted((a, b) => Number(a) - Number(b)).slice(0, SHOWN);
  const reading = (find: LabelFinder) =>
    shown.map((label) => {
      const index = find(label);
      return `${label} → ${index === undefined ? "no class" : `class ${JSON.stringify(labels[index])}`}`;
    }).join(", ");
  const fromOne = countFromOne(numbers, labels)
    ? "They seem to count from 1: subtract 1 from each, or use names. "
    : "";
  return new RanetError(
    `Cannot determine whether the labels of ${JSON.stringify(source)} are names or indexes of the classes ` +
      `${listLabels(labels)}. ` +
      `As names: ${reading(readings.names)}. As indexes from 0: ${reading(readings.indexes)}. ` +
      `${fromOne}Say which`,
    { remedy: [{ readLabels: "names" }, { readLabels: "indexes" }] },
  );
}

/** Lists labels for an error message. */
export function listLabels(labels: readonly string[]): string {
  const rest = labels.length - LISTED;
  return labels.slice(0, LISTED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
