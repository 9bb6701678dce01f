/**
 * Converts an MSDNet to the keys of its document that only MSDNets have.
 *
 * @module
 */

import type { MsdnetSpec } from "../../network/msdnet/architecture.ts";
import { scaleOf } from "../common.ts";
import type { SpecMapping } from "../document_value.ts";
import { type LayersRule, ruledLayers, ruledScales, ruledTransitions } from "./rules.ts";

/** The keys that only MSDNets have. Values that follow from a rule are written as the rule. */
export function msdnetKeys(spec: MsdnetSpec): SpecMapping {
  const { scales, channels, growth, layers, reduction } = spec;
  return {
    scales: scales.map(({ growthFactor, bottleneck }, i) => ({
      scale: scaleOf(2 ** (scales.length - 1 - i)),
      growth_factor: growthFactor,
      bottleneck,
    })),
    channels,
    growth,
    layers: layersRule(layers) ?? layers,
    prune: pruneRule(spec) ?? spec.remaining,
    reduction,
  };
}

function layersRule(layers: readonly number[]): LayersRule & SpecMapping | undefined {
  const [base, second = 1] = layers;
  const rules = [{ mode: "even", step: second }, { mode: "linear", step: second - 1 }] as const;
  return rules.filter(({ step }) => step > 0)
    .map(({ mode, step }) => ({ mode, blocks: layers.length, base, step }))
    .find((rule) => isSame(ruledLayers(rule), layers));
}

function pruneRule({ remaining, scales, transitions, reduction }: MsdnetSpec): "max" | "min" | undefined {
  return (["max", "min"] as const).find((prune) => {
    const ruled = ruledScales(prune, remaining.length, scales.length);
    const shed = reduction === 0 ? [] : ruledTransitions(ruled, scales.length, prune);
    return isSame(ruled, remaining) && isSame(shed, transitions);
  });
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
