/**
 * A validated architecture → the document that a person would write for it: rules stay rules, so that it can be edited.
 *
 * @module
 */

import type { ArchitectureSpec, Fusion } from "./architecture.ts";
import { scaleOf } from "./resolve.ts";
import { ruledFusion, ruledTransitions, scaleIndices } from "./rules.ts";

/** A value of a document. */
export type DocumentValue = string | number | readonly DocumentValue[] | SpecMapping;

/** A mapping of a document. */
export interface SpecMapping {
  /** Values by key, in snake case. */
  readonly [key: string]: DocumentValue;
}

/**
 * Writes an architecture out with every key, as `resolveSpec` reads it.
 *
 * @param spec A validated architecture.
 * @returns Its document. What follows from the authors' rules is `auto`, layers are a rule where one gives them, and
 * labels that only count are their number.
 */
export function documentOf(spec: ArchitectureSpec): SpecMapping {
  const { name, input, classes, stem, baseFeatures, subnetworks, layers, compress, reduction, headChannels } = spec;
  const indices = scaleIndices(baseFeatures.map(({ divisor }) => divisor));
  return {
    name,
    input: { ...input },
    classes: classes.every((label, i) => label === String(i)) ? classes.length : classes,
    stem,
    base_features: baseFeatures.map(({ divisor, channels }) => ({
      scale: divisor === 1 ? 1 : scaleOf(divisor),
      channels,
    })),
    subnetworks: subnetworks.map(({ blocks, growth, bottleneck, fusion, transitions }, s) => {
      const ruled = ruledFusion(indices[s], subnetworks.slice(0, s).map(({ blocks }) => blocks));
      return {
        blocks,
        growth,
        bottleneck,
        fusion: autoIf<Fusion>(fusion, ruled),
        transitions: autoIf(transitions, ruledTransitions(indices[s], blocks)),
      };
    }),
    layers: layersRule(layers),
    compress,
    reduction,
    head: { channels: headChannels },
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
