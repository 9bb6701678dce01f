/**
 * Resolves a document of valid shape to a RANet: fills in defaults that depend on other keys, applies the authors'
 * rules, and refuses invalid combinations.
 *
 * @module
 */

import type { BaseFeatureSpec, Fusion, RanetSpec, SubnetworkSpec } from "../../network/ranet/architecture.ts";
import type { Report } from "../../yaml/read.ts";
import { divisorOf, resolveCommon, resolveExits, scaleOf } from "../common.ts";
import { LIMITS } from "../limits.ts";
import { ruledFusion, ruledTransitions, scaleIndices } from "./rules.ts";
import type { RanetDocument } from "./schema.ts";

/**
 * Resolves a document.
 *
 * @param document A document of valid shape.
 * @param report Called for each problem.
 * @returns The architecture. It must not be used if a problem was reported.
 */
export function resolveRanet(document: RanetDocument, report: Report): RanetSpec | undefined {
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
  const exits = resolveExits(document.exits, subnetworks.reduce((sum, { blocks }) => sum + blocks, 0), report);
  const layers = resolveLayers(document.layers, subnetworks[subnetworks.length - 1].blocks, report);
  checkDepth(layers, subnetworks, report);
  return {
    family: "ranet",
    ...resolveCommon(document, report),
    ...exits === undefined ? {} : { exits },
    baseFeatures,
    subnetworks,
    layers,
    compress: document.compress,
    reduction: document.reduction,
  };
}

function checkScales(features: readonly BaseFeatureSpec[], report: Report): void {
  features.forEach(({ divisor }, s) => {
    const path = `base_features[${s}].scale`;
    const next = features[s + 1]?.divisor;
    if (next === undefined) {
      if (divisor !== 1) report(`${path}: expected 1, because the last is the finest, found ${scaleOf(divisor)}`);
    } else if (divisor !== next && divisor !== 2 * next) {
      report(
        `${path}: expected ${scaleOf(2 * next)} or ${scaleOf(next)}, half of the next scale or the same, ` +
          `found ${scaleOf(divisor)}`,
      );
    }
  });
}

function resolveSubnetworks(
  asked: NonNullable<RanetDocument["subnetworks"]>,
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
      report(`${path}.blocks: expected at least the ${before} of the previous sub-network, found ${blocks}`);
    } else if (blocks === before && isLast) {
      report(
        `${path}.blocks: expected more than the ${before} of the previous sub-network, because the last one needs ` +
          `its own exit, found ${blocks}`,
      );
    }
    const fusion = resolveFusion(subnetwork.fusion, indices[s], blocksBefore);
    if (fusion.length !== before && s === 0) {
      report(
        `${path}.fusion: expected none, because the first sub-network has no previous one to fuse with; leave the ` +
          "key out",
      );
    } else if (fusion.length !== before) {
      report(
        `${path}.fusion: expected ${before} entries, one per block of the previous sub-network, found ${fusion.length}`,
      );
    }

    const transitions = subnetwork.transitions === "auto"
      ? ruledTransitions(indices[s], blocks)
      : subnetwork.transitions.toSorted((a, b) => a - b);
    const twice = transitions.find((block, i) => block === transitions[i - 1]);
    if (twice !== undefined) report(`${path}.transitions: expected each block once, found ${twice} again`);
    const last = transitions.at(-1) ?? 0;
    if (last > blocks) report(`${path}.transitions: expected block numbers from 1 to ${blocks}, found ${last}`);

    const own = {
      ...subnetwork.layers === undefined ? {} : { layers: listOf(subnetwork.layers, blocks) },
      ...subnetwork.compress === undefined ? {} : { compress: subnetwork.compress },
      ...subnetwork.reduction === undefined ? {} : { reduction: subnetwork.reduction },
      ...subnetwork.depthwise === undefined ? {} : { depthwise: subnetwork.depthwise },
      ...subnetwork.kernel === undefined ? {} : { kernel: subnetwork.kernel },
      ...subnetwork.se_ratio === undefined ? {} : { seRatio: subnetwork.se_ratio },
    };
    checkLengths({ growth, ...own }, { path, blocks, before }, report);
    checkShares(fusion, { growth, compress: own.compress ?? compress, path }, report);

    blocksBefore.push(blocks);
    return { blocks, growth, bottleneck, fusion, transitions, ...own };
  });
}

function listOf<Item>(value: Item | readonly Item[], length: number): readonly Item[] {
  return Array.isArray(value) ? value : Array.from({ length }, () => value as Item);
}

/** Checks the lengths of lists with one entry per block. */
function checkLengths(
  lists: Readonly<Record<string, unknown>>,
  { path, blocks, before }: { path: string; blocks: number; before: number },
  report: Report,
): void {
  for (const [key, list] of Object.entries(lists)) {
    const [length, what] = key === "compress" ? [before, "block of the previous sub-network"] : [blocks, "block"];
    if (Array.isArray(list) && list.length !== length) {
      report(`${path}.${key}: expected ${length} entries, one per ${what}, found ${list.length}`);
    }
  }
}

/** Checks that a fusion block takes at least one channel from the coarser sub-network, unless its share is 0. */
function checkShares(
  fusion: readonly Fusion[],
  { growth, compress, path }: Pick<SubnetworkSpec, "growth"> & { compress: number | readonly number[]; path: string },
  report: Report,
): void {
  fusion.forEach((kind, j) => {
    const at = (value: number | readonly number[]) => typeof value === "number" ? value : value[j];
    const [channels, share] = [at(growth), at(compress)];
    if (kind === "none" || share === 0 || Math.floor(channels * share) !== 0) return;
    report(
      `${path}.growth${typeof growth === "number" ? "" : `[${j}]`}: expected at least ${
        Math.ceil(1 / share)
      }, so that ` +
        `growth · compress (${share}) is at least one channel for the coarser sub-network, found ${channels}`,
    );
  });
}

function resolveFusion(
  asked: "auto" | Fusion | Fusion[],
  scaleIndex: number,
  blocksBefore: readonly number[],
): Fusion[] {
  if (asked === "auto") return ruledFusion(scaleIndex, blocksBefore);
  if (Array.isArray(asked)) return asked;
  // At least one entry, so that a kind for the first sub-network, which fuses nothing, is reported.
  return Array.from({ length: blocksBefore.at(-1) ?? 1 }, () => asked);
}

function resolveLayers(layers: RanetDocument["layers"], blocks: number, report: Report): number[] {
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

function checkDepth(layers: readonly number[], subnetworks: readonly SubnetworkSpec[], report: Report): void {
  const total = subnetworks.flatMap(({ blocks, layers: own = layers }) => own.slice(0, blocks))
    .reduce((sum, count) => sum + count, 0);
  if (total > LIMITS.layersInAll) {
    report(
      `layers: expected at most ${LIMITS.layersInAll} layers in the blocks of all sub-networks, found ${total}; ` +
        "decrease them, or use fewer blocks",
    );
  }
}
