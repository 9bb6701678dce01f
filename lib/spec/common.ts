/**
 * What specs of all families have in common: defaults that depend on the stem, labels, scales.
 *
 * @module
 */

import type { CommonSpec, InputSpec, Stem } from "../network/common.ts";
import type { Report } from "../yaml/read.ts";
import type { CommonDocument } from "./common_keys.ts";
import { LABELS } from "./labels.ts";

/** What a stem implies where the document says nothing. */
const STEM_DEFAULTS = {
  "conv3x3": {
    size: 32,
    resizeRatio: 1,
    mean: [0.4914, 0.4824, 0.4467],
    std: [0.2471, 0.2435, 0.2616],
    headChannels: 128,
  },
  "conv7x7-pool": {
    size: 224,
    resizeRatio: 256 / 224,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    headChannels: "input",
  },
} as const;

/** Resolves the keys that all families have. */
export function resolveCommon(document: CommonDocument, report: Report): CommonSpec {
  const { name, input = {}, classes, stem, head } = document;
  return {
    name,
    input: resolveInput(input, stem, report),
    classes: resolveClasses(classes, report),
    stem,
    headChannels: head?.channels ?? STEM_DEFAULTS[stem].headChannels,
  };
}

/** `1/4` and 0.25 are 4. */
export function divisorOf(scale: string | number): number {
  const [numerator, denominator = 1] = String(scale).split("/").map(Number);
  return denominator / numerator;
}

/** 4 is `1/4`, and 1 itself. */
export function scaleOf(divisor: number): string | number {
  return divisor === 1 ? 1 : `1/${divisor}`;
}

function resolveInput(input: NonNullable<CommonDocument["input"]>, stem: Stem, report: Report): InputSpec {
  const defaults = STEM_DEFAULTS[stem];
  const { size = defaults.size } = input;
  const { resize = Math.round(size * defaults.resizeRatio), mean = defaults.mean, std = defaults.std } = input;
  if (resize < size) report(`input.resize: expected at least the size, ${size}, found ${resize}`);
  return { size, resize, mean: [mean[0], mean[1], mean[2]], std: [std[0], std[1], std[2]] };
}

function resolveClasses(classes: CommonDocument["classes"], report: Report): readonly string[] {
  if (typeof classes === "string") return LABELS[classes];
  if (typeof classes === "number") return Array.from({ length: classes }, (_, i) => String(i));
  const seen = new Set<string>();
  for (const label of classes) {
    if (seen.has(label)) report(`classes: expected each label once, found ${JSON.stringify(label)} again`);
    seen.add(label);
  }
  return classes;
}
