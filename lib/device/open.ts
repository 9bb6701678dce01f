/**
 * Choosing what a plan runs on.
 *
 * @module
 */

import type { Plan } from "../planner/plan.ts";
import { foldWeights } from "../weights/fold.ts";
import type { Tensor } from "../weights/tensor.ts";
import { findAdapter, requireAdapter } from "./webgpu/adapter.ts";
import { CpuRunner } from "./cpu/runner.ts";
import { type Precision, roundWeights } from "./precision.ts";
import type { Runner } from "./runner.ts";
import { WebGpuRunner } from "./webgpu/runner.ts";

/** `auto`: the WebGPU adapter if there is one that is not itself a CPU driver, which is never faster than the CPU runner. */
export type DeviceChoice = "auto" | "gpu" | "cpu";

/** An adapter, for people. */
export interface AdapterDescription {
  /** Its name, as the driver tells it. */
  readonly name: string;
  /** `gpu` for a WebGPU adapter, `cpu` for the CPU runner. */
  readonly kind: "gpu" | "cpu";
  /** WebGPU features that it has. */
  readonly features: readonly string[];
  /** WebGPU limits. */
  readonly limits: Readonly<Record<string, number>>;
  /** Whether `auto` takes it. */
  readonly chosen: boolean;
}

/**
 * Puts a plan with its network's parameters on a device.
 *
 * @throws {RanetError} If `gpu` is asked for and there is no adapter, or the adapter has too little memory.
 */
export async function openRunner(
  plan: Plan,
  tensors: ReadonlyMap<string, Tensor>,
  options: { device: DeviceChoice; capacity: number; precision: Precision; threads?: number },
): Promise<Runner> {
  const { device, capacity, precision, threads } = options;
  const weights = roundWeights(foldWeights(plan.network, tensors), precision);
  const adapter = device === "cpu" ? undefined : device === "gpu" ? await requireAdapter() : await findAdapter();
  if (adapter && !(device === "auto" && adapter.isCpu)) {
    return await WebGpuRunner.create(plan, weights, { capacity, precision, adapter });
  }
  return await CpuRunner.create(plan, weights, { capacity, threads });
}

/** What there is to run on, the choice of `auto` first. */
export async function describeAdapters(): Promise<AdapterDescription[]> {
  const adapter = await findAdapter();
  const cpu = { name: "CPU runner", kind: "cpu", features: [], limits: {}, chosen: !adapter || adapter.isCpu } as const;
  if (!adapter) return [cpu];
  const limits: Record<string, number> = {};
  for (const name in adapter.gpu.limits) {
    const value = adapter.gpu.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  const features = [...adapter.gpu.features].toSorted();
  const gpu = { name: adapter.name, kind: "gpu", features, limits, chosen: !adapter.isCpu } as const;
  return adapter.isCpu ? [cpu, gpu] : [gpu, cpu];
}
