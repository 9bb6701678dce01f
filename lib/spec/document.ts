/**
 * Converts a validated architecture to an editable document, in which the authors' rules are written as rules.
 *
 * @module
 */

import { denseSettings, type HeadSpec } from "../network/common.ts";
import type { UncheckedSpec } from "../network/families.ts";
import { LABELS } from "./labels.ts";
import type { SpecMapping } from "./document_value.ts";
import { partsOf } from "./families.ts";

/**
 * Converts an architecture to a document with every key, in the form that `resolveSpec` reads.
 *
 * @param spec An architecture. It may be invalid; then `resolveSpec` refuses its document.
 * @returns Its document. Values that follow from the authors' rules become `auto` or the rule, numeric labels become
 * their number, and the labels of known data sets become their word.
 */
export function documentOf(spec: UncheckedSpec): SpecMapping {
  const { family, name, input: { size, ...input }, classes, stem, exits = "auto", head } = spec;
  const { activation = "relu", dropout = 0, reweight } = spec;
  const { depthwise, kernel, seRatio } = denseSettings(spec);
  return {
    family,
    name,
    input: { size, channels: input.mean.length, ...input },
    classes: classesOf(classes),
    stem: typeof stem === "string" ? stem : { ...stem },
    ...partsOf(family).keys(spec),
    exits: reweight === undefined ? exits : { blocks: exits, boosted: true, reweight },
    head: isList(head) ? head.map(headKeys) : headKeys(head),
    depthwise,
    kernel,
    se_ratio: seRatio,
    activation,
    dropout,
  };
}

function headKeys({ depthwise = false, ...head }: HeadSpec): SpecMapping {
  return { ...head, depthwise };
}

/** From this number of labels on, a word is written instead of the list. Shorter lists are easier to edit. */
const MANY_LABELS = 100;

function classesOf(classes: readonly string[]): SpecMapping[string] {
  if (classes.every((label, i) => label === String(i))) return classes.length;
  const isSame = (labels: readonly string[]) =>
    labels.length === classes.length && labels.every((label, i) => label === classes[i]);
  return Object.entries(LABELS).find(([, labels]) => labels.length >= MANY_LABELS && isSame(labels))?.[0] ?? classes;
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
