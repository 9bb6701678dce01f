/**
 * Converts a RANet to the keys of its document that only RANets have.
 *
 * @module
 */

import type { Fusion, RanetSpec } from "../../network/ranet/architecture.ts";
import { scaleOf } from "../common.ts";
import type { DocumentValue, SpecMapping } from "../document_value.ts";
import { ruledFusion, ruledTransitions, scaleIndices } from "./rules.ts";

/**
 * The keys that only RANets have. Values that follow from the authors' rules are `auto`; layers are written as a rule
 * if one gives them.
 */
export function ranetKeys({ baseFeatures, subnetworks, layers, compress, reduction }: RanetSpec): SpecMapping {
  const indices = scaleIndices(baseFeatures.map(({ divisor }) => divisor));
  return {
    base_features: baseFeatures.map(({ divisor, channels }) => ({ scale: scaleOf(divisor), channels })),
    subnetworks: subnetworks.map(({ blocks, growth, bottleneck, fusion, transitions, seRatio, ...own }, s) => {
      const ruled = ruledFusion(indices[s], subnetworks.slice(0, s).map(({ blocks }) => blocks));
      return {
        blocks,
        growth,
        bottleneck,
        fusion: autoIf<Fusion>(fusion, ruled),
        transitions: autoIf(transitions, ruledTransitions(indices[s], blocks)),
        ...own,
        ...seRatio === undefined ? {} : { se_ratio: seRatio },
      };
    }),
    layers: layersRule(layers),
    compress,
    reduction,
  };
}

function autoIf<Item extends string | number>(list: readonly Item[], ruled: readonly Item[]): "auto" | readonly Item[] {
  return list.length === ruled.length && list.every((item, i) => item === ruled[i]) ? "auto" : list;
}

function layersRule(layers: readonly number[]): DocumentValue {
  const [step] = layers;
  if (layers.every((count) => count === step)) return { mode: "even", step };
  return layers.every((count, j) => count === (j + 1) * step) ? { mode: "lengthen", step } : layers;
}
