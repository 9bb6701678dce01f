/**
 * Architectures, `@ranet/ranet/spec`: parses YAML into a validated spec, builds its network with layers, shapes and
 * costs, and draws it. This module needs neither weights nor a device.
 *
 * ```ts
 * import { buildNetwork, parseSpec } from "@ranet/ranet/spec";
 *
 * const spec = parseSpec(`
 * name: small
 * classes: [cat, dog]
 * base_features: # coarsest first
 *   - { scale: 1/2, channels: 16 }
 *   - { scale: 1, channels: 8 }
 * `);
 * for (const { label, cumulativeFlops } of buildNetwork(spec).exits) console.log(label, cumulativeFlops);
 * ```
 *
 * @module
 */

export { drawNetwork } from "./lib/drawing/draw.ts";
export { RanetError, type RanetErrorCode, type RanetErrorOptions, type Remedy } from "./lib/errors.ts";
export { BUNDLED_SPECS, readSpec } from "./lib/model/read_spec.ts";
export { buildNetwork } from "./lib/network/build.ts";
export type {
  Block,
  BlockKind,
  Classifier,
  Column,
  Convolution,
  DepthwiseConvolution,
  Excitation,
  Exit,
  Feature,
  Layer,
  MaxPool,
  Network,
  Resize,
  Row,
  Squeeze,
  View,
} from "./lib/network/network.ts";
export type { ArchitectureSpec, Validated } from "./lib/network/architecture.ts";
export type { Family, FamilySpecs, UncheckedSpec } from "./lib/network/families.ts";
export type { CommonSpec, ExitsSpec, HeadSpec, InputSpec, Stem, StemSpec } from "./lib/network/common.ts";
export type { Gate } from "./lib/network/activation.ts";
export type { Sides, Size } from "./lib/network/size.ts";
export type { MsdnetSpec, ScaleSpec } from "./lib/network/msdnet/architecture.ts";
export type { BaseFeatureSpec, Fusion, RanetSpec, SubnetworkSpec } from "./lib/network/ranet/architecture.ts";
export { type OfficialSpecOptions, specFromOfficialFlags } from "./lib/spec/official.ts";
export { changeSpec, type SpecChanges } from "./lib/spec/change.ts";
export { parseSpec, type ParseSpecOptions } from "./lib/spec/parse.ts";
