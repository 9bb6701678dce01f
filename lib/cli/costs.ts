/**
 * The costs of an architecture, for commands that show or compare them.
 *
 * @module
 */

import { layOutWeights } from "../device/webgpu/weights.ts";
import { buildNetwork } from "../network/build.ts";
import type { Exit } from "../network/network.ts";
import { type Sides, sidesOf } from "../network/size.ts";
import { buildPlan } from "../planner/build.ts";
import { QUAD_BYTES } from "../planner/plan.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";

/** An architecture's exits, parameters and memory. */
export interface Costs {
  /** Its name. */
  readonly name: string;
  /** Number of trained parameters. */
  readonly params: number;
  /** For boosted exits: factor by which the logits of the previous exit are added. */
  readonly reweight?: number;
  /** Its exits, counted from 1, with cumulative costs. */
  readonly exits:
    readonly (Omit<Exit, "layers" | "block" | "size"> & { readonly exit: number; readonly size: Sides })[];
  /** Memory on a device, in bytes. */
  readonly memory: {
    /** Packed weights. */
    readonly weightBytes: number;
    /** All activations of an image. */
    readonly activationBytesPerImage: number;
    /** Largest size of an image's activations that are in use at the same time. */
    readonly liveBytesPerImage: number;
  };
}

/** Counts an architecture's costs. */
export function costsOf(spec: ArchitectureSpec): Costs {
  const network = buildNetwork(spec);
  const plan = buildPlan(network);
  const exits = network.exits.map(({ layers: _, block: __, ...exit }, k) => (
    { exit: k + 1, ...exit, size: sidesOf(exit.size) }
  ));
  return {
    name: spec.name,
    params: exits[exits.length - 1].cumulativeParams,
    ...spec.reweight !== undefined && { reweight: spec.reweight },
    exits,
    memory: {
      weightBytes: layOutWeights(plan).quads.reduce((sum, quads) => sum + quads, 0) * QUAD_BYTES,
      activationBytesPerImage: plan.sampleQuads * QUAD_BYTES,
      liveBytesPerImage: plan.liveQuads * QUAD_BYTES,
    },
  };
}

/** 100 → 88 as `−12.0 %`; `new` or `gone` if there is no value before or after, `=` for equal values. */
export function change(from: number | undefined, to: number | undefined): string {
  if (from === undefined) return "new";
  if (to === undefined) return "gone";
  if (from === to) return "=";
  const percent = 100 * (to / from - 1);
  const digits = Math.abs(percent).toFixed(1);
  if (digits === "0.0") return percent < 0 ? "−<0.1 %" : "+<0.1 %";
  return `${percent < 0 ? "−" : "+"}${digits} %`;
}
