/**
 * The costs of an architecture, for commands that show or compare them.
 *
 * @module
 */

import { cpuWeightBytes } from "../device/cpu/weight_bytes.ts";
import { INT8_IMAGE_BYTES, INT8_QUAD_BYTES } from "../device/cpu/int8_lower.ts";
import type { ModelPrecision } from "../device/precision.ts";
import { gpuWeightBytes } from "../device/webgpu/weights.ts";
import { RanetError } from "../errors.ts";
import { buildNetwork } from "../network/build.ts";
import type { Exit, Network } from "../network/network.ts";
import { areaOf, type Sides, sidesOf } from "../network/size.ts";
import { buildPlan } from "../planner/build.ts";
import { type Plan, QUAD_BYTES } from "../planner/plan.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { quantizedParameters } from "../weights/quantized.ts";

/** Memory that a network takes, in bytes. */
export interface Memory {
  /** Packed weights. */
  readonly weightBytes: number;
  /** All activations of an image. */
  readonly activationBytesPerImage: number;
  /** Largest size of an image's activations that are in use at the same time. */
  readonly liveBytesPerImage: number;
}

/** Memory on one device with one precision. */
export interface DeviceMemory extends Memory {
  /** The CPU runner, or WebGPU. */
  readonly device: "cpu" | "gpu";
  /** The precision. */
  readonly precision: ModelPrecision;
}

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
  /** Memory on WebGPU in float32, and on every device with every supported precision. */
  readonly memory: Memory & { readonly devices: readonly DeviceMemory[] };
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
    memory: memoryOf(plan),
  };
}

function memoryOf(plan: Plan): Costs["memory"] {
  const { image: { size, channels }, sampleQuads, liveQuads } = plan;
  const arena = (quadBytes: number, image = 0) => ({
    activationBytesPerImage: quadBytes * sampleQuads + image,
    liveBytesPerImage: quadBytes * liveQuads + image,
  });
  const floats = { weightBytes: gpuWeightBytes(plan, { int8: false }), ...arena(QUAD_BYTES) };
  const devices: DeviceMemory[] = [
    { device: "cpu", precision: "float32", weightBytes: cpuWeightBytes(plan, { int8: false }), ...arena(QUAD_BYTES) },
    { device: "gpu", precision: "float32", ...floats },
    { device: "gpu", precision: "float16", ...floats, weightBytes: floats.weightBytes / 2 },
  ];
  if (isQuantizable(plan.network)) {
    // The image has its own memory, because its numbers are wider.
    const image = INT8_IMAGE_BYTES * channels * areaOf(size);
    devices.push(
      {
        ...{ device: "cpu", precision: "int8", weightBytes: cpuWeightBytes(plan, { int8: true }) },
        ...arena(INT8_QUAD_BYTES, image),
      },
      { device: "gpu", precision: "int8", weightBytes: gpuWeightBytes(plan, { int8: true }), ...arena(QUAD_BYTES) },
    );
  }
  return { ...floats, devices };
}

function isQuantizable(network: Network): boolean {
  try {
    quantizedParameters(network);
    return true;
  } catch (error) {
    if (error instanceof RanetError) return false;
    throw error;
  }
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
