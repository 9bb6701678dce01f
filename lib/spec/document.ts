/**
 * A validated architecture → the document that a person would write for it: rules stay rules, so that it can be edited.
 *
 * @module
 */

import { denseSettings, type HeadSpec } from "../network/common.ts";
import type { UncheckedSpec } from "../network/families.ts";
import { LABELS } from "./labels.ts";
import type { SpecMapping } from "./document_value.ts";
import { partsOf } from "./families.ts";

/**
 * Writes an architecture out with every key, as `resolveSpec` reads it.
 *
 * @param spec An architecture; what could not work, `resolveSpec` refuses in its document.
 * @returns Its document. What follows from the authors' rules is `auto` or the rule, and labels that only count are their
 * number, usual ones their word.
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

/** Fewer labels than this are easier to edit than a word for them. */
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
