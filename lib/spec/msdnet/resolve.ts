/**
 * Resolves a document of valid shape to an MSDNet: applies the authors' rules and refuses invalid combinations.
 *
 * @module
 */

import type { ExitsSpec } from "../../network/common.ts";
import type { MsdnetSpec } from "../../network/msdnet/architecture.ts";
import type { Report } from "../../yaml/read.ts";
import { divisorOf, resolveCommon, resolveExits, scaleOf } from "../common.ts";
import { LIMITS } from "../limits.ts";
import { ruledLayers, ruledScales, ruledTransitions } from "./rules.ts";
import type { MsdnetDocument } from "./schema.ts";

/**
 * Resolves a document.
 *
 * @param document A document of valid shape.
 * @param report Called for each problem.
 * @returns The architecture. It must not be used if a problem was reported.
 */
export function resolveMsdnet(document: MsdnetDocument, report: Report): MsdnetSpec | undefined {
  const { scales, channels, growth, prune, reduction } = document;
  checkScales(document, report);
  const layers = Array.isArray(document.layers) ? document.layers : ruledLayers(document.layers);
  const most = Math.max(...layers);
  if (most > LIMITS.layers) {
    report(`layers: expected at most ${LIMITS.layers} layers in a block, found ${most}; lower step`);
  }
  const total = layers.reduce((sum, count) => sum + count, 0);
  if (total > LIMITS.depth) {
    report(`layers: expected at most ${LIMITS.depth} layers in all, found ${total}`);
    return undefined;
  }
  const remaining = Array.isArray(prune) ? prune : ruledScales(prune, total, scales.length);
  if (Array.isArray(prune)) checkPrune(prune, { total, scales: scales.length }, report);
  const exits = resolveExits(document.exits, layers.length, report);
  const rule = Array.isArray(prune) ? "list" : prune;
  return {
    family: "msdnet",
    ...resolveCommon(document, report),
    // By default, all blocks of an MSDNet have an exit.
    ...isList(exits) ? { exits } : {},
    scales: scales.map(({ growth_factor, bottleneck }) => ({ growthFactor: growth_factor, bottleneck })),
    channels,
    growth,
    layers,
    remaining,
    transitions: reduction === 0 ? [] : ruledTransitions(remaining, scales.length, rule),
    reduction,
  };
}

function isList(exits: ExitsSpec | undefined): exits is readonly number[] {
  return Array.isArray(exits);
}

function checkScales({ scales, growth }: MsdnetDocument, report: Report): void {
  scales.forEach(({ scale, growth_factor }, i) => {
    const expected = 2 ** (scales.length - 1 - i);
    const found = divisorOf(scale);
    if (found !== expected) {
      const why = expected === 1 ? "because the last is the finest" : "half of the next scale";
      report(`scales[${i}].scale: expected ${scaleOf(expected)}, ${why}, found ${scaleOf(found)}`);
    }
    // Half of the new channels come from the finer scale.
    if (expected > 1 && growth * growth_factor % 2 === 1) {
      report(
        `scales[${i}].growth_factor: expected an even number of new channels, growth · growth_factor, at each scale ` +
          `except the finest, found ${growth * growth_factor}`,
      );
    }
  });
}

function checkPrune(
  prune: readonly number[],
  { total, scales }: { readonly total: number; readonly scales: number },
  report: Report,
): void {
  if (prune.length !== total) {
    report(`prune: expected ${total} entries, one per layer of the whole network, found ${prune.length}`);
  }
  prune.forEach((count, i) => {
    const before = prune[i - 1] ?? scales;
    if (count > before) {
      report(`prune[${i}]: expected at most the ${before} scales of the previous layer, found ${count}`);
    }
  });
}
