/**
 * Resolves the keys that specs of all families have: defaults that depend on the stem, labels, scales.
 *
 * @module
 */

import type { CommonSpec, ExitsSpec, HeadSpec, InputSpec, Stem } from "../network/common.ts";
import { stemSpec } from "../network/parts.ts";
import { type Sides, sidesOf, sizeOf } from "../network/size.ts";
import type { Report } from "../yaml/read.ts";
import type { CommonDocument } from "./common_keys.ts";
import { LABELS } from "./labels.ts";

/** Defaults by stem: the authors' values for CIFAR, or, if the stem has a max-pool, for ImageNet. */
const STEM_DEFAULTS = {
  plain: {
    size: 32,
    resizeRatio: 1,
    mean: [0.4914, 0.4824, 0.4467],
    std: [0.2471, 0.2435, 0.2616],
    head: { channels: 128, pool: "all" },
  },
  pooled: {
    size: 224,
    resizeRatio: 256 / 224,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    head: { channels: "input", pool: "all" },
  },
} as const;

/** Resolves the keys that all families have. */
export function resolveCommon(document: CommonDocument, report: Report): CommonSpec {
  const { name, input = {}, classes, head = {}, activation, dropout } = document;
  const { depthwise = false, kernel: denseKernel = 3, se_ratio: seRatio = 0 } = document;
  const stem = resolveStem(document.stem);
  const { kernel, stride } = stemSpec(stem);
  const most = (kernel >> 1) + 1;
  if (stride > most) {
    report(
      `stem.stride: expected at most ${most} with a kernel of ${kernel}×${kernel}, so that no pixel is skipped, ` +
        `found ${stride}`,
    );
  }
  const defaults = STEM_DEFAULTS[stemSpec(stem).pool ? "pooled" : "plain"];
  const complete = ({ depthwise, ...given }: Partial<HeadSpec>): HeadSpec => (
    { ...defaults.head, ...given, ...depthwise ? { depthwise } : {} }
  );
  return {
    name,
    input: resolveInput(input, defaults, report),
    classes: resolveClasses(classes, report),
    stem,
    head: isList(head) ? head.map(complete) : complete(head),
    ...activation === "relu" ? {} : { activation },
    ...dropout === 0 ? {} : { dropout },
    ...depthwise ? { depthwise } : {},
    ...denseKernel === 3 ? {} : { kernel: denseKernel },
    ...seRatio === 0 ? {} : { seRatio },
    ...resolveReweight(document.exits, report),
  };
}

/** The authors' value for CIFAR and ImageNet. */
const DEFAULT_REWEIGHT = 0.5;

function resolveReweight(exits: CommonDocument["exits"], report: Report): Pick<CommonSpec, "reweight"> {
  if (typeof exits === "string" || isList(exits)) return {};
  const { boosted, reweight } = exits;
  if (boosted) return { reweight: reweight ?? DEFAULT_REWEIGHT };
  if (reweight !== undefined) {
    report(`exits.reweight: expected boosted: true with it, found ${reweight}, which has no effect; leave it out`);
  }
  return {};
}

/**
 * Resolves which blocks end in an exit.
 *
 * @param given The value in the document.
 * @param blocks Number of blocks in the whole network.
 */
export function resolveExits(
  given: CommonDocument["exits"],
  blocks: number,
  report: Report,
): ExitsSpec | undefined {
  const isPlain = typeof given === "string" || isList(given);
  const [path, exits] = isPlain ? ["exits", given] : ["exits.blocks", given.blocks];
  if (!isList(exits)) return exits === "all" ? exits : undefined;
  const sorted = exits.toSorted((a, b) => a - b);
  const last = sorted[sorted.length - 1];
  const twice = sorted.find((block, i) => block === sorted[i - 1]);
  if (twice !== undefined) report(`${path}: expected each block once, found ${twice} again`);
  if (last > blocks) report(`${path}: expected block numbers from 1 to ${blocks}, found ${last}`);
  if (last < blocks) {
    report(
      `${path}: expected the last block, ${blocks}, among them, because blocks after the last exit have no effect; ` +
        `found ${last} last`,
    );
  }
  return sorted;
}

/** Resolves the stem, to its name if a name has the same settings. */
function resolveStem(stem: CommonDocument["stem"]): Stem {
  if (typeof stem === "string") return stem;
  const { kernel, stride, channels, pool } = stem;
  const names = ["conv3x3", "conv7x7-pool"] as const;
  const named = names.find((name) => {
    const known = stemSpec(name);
    return known.kernel === kernel && known.stride === stride && known.pool === pool && channels === undefined;
  });
  return named ?? { kernel, stride, ...channels === undefined ? {} : { channels }, pool };
}

function isList<Item>(value: unknown | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

/** The divisor of a scale: 4 for `1/4` and 0.25. */
export function divisorOf(scale: string | number): number {
  const [numerator, denominator = 1] = String(scale).split("/").map(Number);
  return denominator / numerator;
}

/** The scale of a divisor: `1/4` for 4, and 1 for 1. */
export function scaleOf(divisor: number): string | number {
  return divisor === 1 ? 1 : `1/${divisor}`;
}

function resolveInput(
  input: NonNullable<CommonDocument["input"]>,
  defaults: typeof STEM_DEFAULTS["plain" | "pooled"],
  report: Report,
): InputSpec {
  const { channels = RGB } = input;
  const size = resolveSides(input.size ?? defaults.size);
  const each = (values: readonly number[]) =>
    channels === RGB ? [...values] : Array.from({ length: channels }, () => OTHER_CHANNELS);
  const resize = resolveSides(input.resize ?? scaled(size, defaults.resizeRatio));
  const { mean = each(defaults.mean), std = each(defaults.std) } = input;
  const [least, found] = [sizeOf(size), sizeOf(resize)];
  if (found.height < least.height || found.width < least.width) {
    report(`input.resize: expected at least the size, ${shown(size)}, found ${shown(resize)}`);
  }
  for (const [key, values] of Object.entries({ mean, std })) {
    if (values.length !== channels) {
      report(
        `input.${key}: expected ${channels} ${
          channels === 1 ? "number" : "numbers"
        }, one per channel, found ${values.length}`,
      );
    }
  }
  return { size, resize, mean, std };
}

/** Converts equal sides to one number. */
function resolveSides(sides: number | readonly number[]): Sides {
  if (typeof sides === "number") return sides;
  const [height, width] = sides;
  return sidesOf({ height, width });
}

/** Sides as written in YAML. */
function shown(sides: Sides): string {
  return typeof sides === "number" ? `${sides}` : `[${sides.join(", ")}]`;
}

function scaled(sides: Sides, ratio: number): Sides {
  if (typeof sides === "number") return Math.round(sides * ratio);
  const [height, width] = sides;
  return [Math.round(height * ratio), Math.round(width * ratio)];
}

/** Default number of channels. */
const RGB = 3;
/** Default mean and standard deviation of channels that are not colours, which scales them to −1 … 1. */
const OTHER_CHANNELS = 0.5;

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
