/**
 * A well-shaped document → an architecture: defaults that depend on other keys, the authors' rules, and refusal of what
 * cannot work.
 *
 * @module
 */

import type { ArchitectureSpec, BaseFeatureSpec, Fusion, InputSpec, Stem, SubnetworkSpec } from "./architecture.ts";
import { LIMITS } from "./limits.ts";
import { ruledFusion, ruledTransitions, scaleIndices } from "./rules.ts";
import type { Report } from "../yaml/read.ts";
import type { SpecDocument } from "./schema.ts";

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

/** Smallest features, in pixels, that the two strided convolutions of a head leave 2×2 of. */
const SMALLEST_HEAD_INPUT = 5;

/**
 * Resolves a document.
 *
 * @param document A document of the right shape.
 * @param report Called for each thing that cannot work.
 * @returns The architecture; not to be used if anything was reported.
 */
export function resolve(document: SpecDocument, report: Report): ArchitectureSpec | undefined {
  const baseFeatures = document.base_features.map(({ scale, channels }) => ({ divisor: divisorOf(scale), channels }));
  const asked = document.subnetworks ?? baseFeatures.map(() => ({ fusion: "auto", transitions: "auto" } as const));
  checkScales(baseFeatures, report);
  if (asked.length !== baseFeatures.length) {
    report(
      `subnetworks: expected one per base feature, so ${baseFeatures.length}, found ${asked.length}; ` +
        "add or remove one",
    );
    return undefined;
  }
  const subnetworks = resolveSubnetworks(asked, baseFeatures, document.compress, report);
  return {
    name: document.name,
    input: resolveInput(document.input ?? {}, document.stem, report),
    classes: resolveClasses(document.classes, report),
    stem: document.stem,
    baseFeatures,
    subnetworks,
    layers: resolveLayers(document.layers, subnetworks[subnetworks.length - 1].blocks, report),
    compress: document.compress,
    reduction: document.reduction,
    headChannels: document.head?.channels ?? STEM_DEFAULTS[document.stem].headChannels,
  };
}

/** `1/4` and 0.25 are 4. */
function divisorOf(scale: string | number): number {
  const [numerator, denominator = 1] = String(scale).split("/").map(Number);
  return denominator / numerator;
}

/** 4 is `1/4`. */
export function scaleOf(divisor: number): string {
  return divisor === 1 ? "1" : `1/${divisor}`;
}

function checkScales(features: readonly BaseFeatureSpec[], report: Report): void {
  features.forEach(({ divisor }, s) => {
    const path = `base_features[${s}].scale`;
    const next = features[s + 1]?.divisor;
    if (next === undefined) {
      if (divisor !== 1) report(`${path}: expected 1, for the last is the finest, found ${scaleOf(divisor)}`);
    } else if (divisor !== next && divisor !== 2 * next) {
      report(
        `${path}: expected ${scaleOf(2 * next)} or ${scaleOf(next)}, half of the next scale or the same, ` +
          `found ${scaleOf(divisor)}`,
      );
    }
  });
}

function resolveInput(input: NonNullable<SpecDocument["input"]>, stem: Stem, report: Report): InputSpec {
  const defaults = STEM_DEFAULTS[stem];
  const { size = defaults.size } = input;
  const { resize = Math.round(size * defaults.resizeRatio), mean = defaults.mean, std = defaults.std } = input;
  if (resize < size) report(`input.resize: expected at least the size, ${size}, found ${resize}`);
  return { size, resize, mean: [mean[0], mean[1], mean[2]], std: [std[0], std[1], std[2]] };
}

function resolveClasses(classes: SpecDocument["classes"], report: Report): string[] {
  if (typeof classes === "number") return Array.from({ length: classes }, (_, i) => String(i));
  const seen = new Set<string>();
  for (const label of classes) {
    if (seen.has(label)) report(`classes: expected each label once, found ${JSON.stringify(label)} again`);
    seen.add(label);
  }
  return classes;
}

function resolveSubnetworks(
  asked: NonNullable<SpecDocument["subnetworks"]>,
  features: readonly BaseFeatureSpec[],
  compress: number,
  report: Report,
): SubnetworkSpec[] {
  const indices = scaleIndices(features.map(({ divisor }) => divisor));
  const finest = features[features.length - 1];
  const blocksBefore: number[] = [];
  return asked.map((subnetwork, s) => {
    const path = `subnetworks[${s}]`;
    const before = blocksBefore.at(-1) ?? 0;
    const factor = features[s].channels / finest.channels;
    const { blocks = before + 2 } = subnetwork;
    const { growth = Math.round(6 * factor) || 1, bottleneck = Math.round(factor) || 1 } = subnetwork;

    const isLast = s === asked.length - 1;
    if (blocks < before) {
      report(`${path}.blocks: expected at least the ${before} of the sub-network before, found ${blocks}`);
    } else if (blocks === before && isLast) {
      report(
        `${path}.blocks: expected more than the ${before} of the sub-network before, for the last needs an exit of ` +
          `its own, found ${blocks}`,
      );
    }
    if (s > 0 && Math.floor(growth * compress) < 1) {
      report(
        `${path}.growth: expected at least ${
          Math.ceil(1 / compress)
        }, so that growth · compress (${compress}) leaves ` +
          `a channel to the coarser sub-network, found ${growth}`,
      );
    }

    const fusion = resolveFusion(subnetwork.fusion, indices[s], blocksBefore);
    if (fusion.length !== before) {
      report(
        `${path}.fusion: expected ${before} entries, one per block of the sub-network before, found ${fusion.length}`,
      );
    }

    const transitions = subnetwork.transitions === "auto"
      ? ruledTransitions(indices[s], blocks)
      : [...new Set(subnetwork.transitions)].sort((a, b) => a - b);
    const last = transitions.at(-1) ?? 0;
    if (last > blocks) report(`${path}.transitions: expected block numbers from 1 to ${blocks}, found ${last}`);

    blocksBefore.push(blocks);
    return { blocks, growth, bottleneck, fusion, transitions };
  });
}

function resolveFusion(
  asked: "auto" | Fusion | Fusion[],
  scaleIndex: number,
  blocksBefore: readonly number[],
): Fusion[] {
  if (asked === "auto") return ruledFusion(scaleIndex, blocksBefore);
  if (Array.isArray(asked)) return asked;
  // One entry at least: asking the first sub-network, which fuses nothing, for a kind is a mistake to report.
  return Array.from({ length: blocksBefore.at(-1) ?? 1 }, () => asked);
}

function resolveLayers(layers: SpecDocument["layers"], blocks: number, report: Report): number[] {
  if (Array.isArray(layers)) {
    if (layers.length !== blocks) {
      report(`layers: expected ${blocks} entries, one per block of the last sub-network, found ${layers.length}`);
    }
    return layers;
  }
  const { mode, step } = layers;
  const counts = Array.from({ length: blocks }, (_, j) => mode === "even" ? step : (j + 1) * step);
  const most = counts[blocks - 1];
  if (most > LIMITS.layers) {
    report(`layers: expected at most ${LIMITS.layers} layers in a block, found ${most} in block ${blocks}; lower step`);
  }
  return counts;
}

/**
 * Follows sizes and channels through a resolved architecture.
 *
 * @param spec The architecture.
 * @param report Called for each exit that cannot work and each block that becomes too wide or too narrow.
 */
export function checkShapes(spec: ArchitectureSpec, report: Report): void {
  const halve = (size: number) => Math.ceil(size / 2);
  const stem = spec.stem === "conv3x3" ? spec.input.size : halve(halve(spec.input.size));
  spec.subnetworks.forEach((subnetwork, s) => {
    const { blocks, fusion } = subnetwork;
    const halvings = Math.log2(spec.baseFeatures[s].divisor) + fusion.filter((kind) => kind === "down-conv").length;
    let size = stem;
    for (let i = 0; i < halvings; i++) size = halve(size);
    if (blocks > fusion.length && size < SMALLEST_HEAD_INPUT) {
      report(
        `subnetworks[${s}]: expected exits that read at least ${SMALLEST_HEAD_INPUT}×${SMALLEST_HEAD_INPUT} features, ` +
          `found ${size}×${size}; raise input.size or base_features[${s}].scale, or use fewer down-conv blocks`,
      );
    }
    checkChannels(spec, s, report);
  });
}

function checkChannels(spec: ArchitectureSpec, s: number, report: Report): void {
  const { blocks, growth, fusion, transitions } = spec.subnetworks[s];
  let channels = spec.baseFeatures[s].channels;
  for (let j = 0; j < blocks; j++) {
    channels += spec.layers[j] * growth;
    if (j < fusion.length) channels += Math.floor(channels * spec.compress);
    if (channels > LIMITS.width) {
      return report(
        `subnetworks[${s}]: expected at most ${LIMITS.width} channels, found ${channels} in block ${j + 1}; ` +
          "lower growth or layers, or add transitions",
      );
    }
    if (!transitions.includes(j + 1)) continue;
    const kept = Math.floor(spec.reduction * channels);
    if (kept < 1) {
      return report(
        `reduction: expected a share that leaves a channel of the ${channels} in subnetworks[${s}], block ${j + 1}, ` +
          `found ${spec.reduction}`,
      );
    }
    channels = kept;
  }
}
