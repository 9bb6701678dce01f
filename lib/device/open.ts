/**
 * Choosing what a plan runs on.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { packWeights } from "../planner/pack.ts";
import type { Plan } from "../planner/plan.ts";
import type { FoldedWeights } from "../weights/fold.ts";
import { findAdapter } from "./adapter.ts";
import { CpuRunner } from "./cpu.ts";
import type { Runner } from "./runner.ts";
import { WebGpuRunner } from "./webgpu.ts";

/** `auto`: the WebGPU adapter if there is one, else the CPU runner. */
export type DeviceChoice = "auto" | "gpu" | "cpu";

/** An adapter, for people. */
export interface AdapterDescription {
  /** Its name, as the driver tells it. */
  readonly name: string;
  /** `gpu` for a WebGPU adapter, `cpu` for the runner in plain TypeScript. */
  readonly kind: "gpu" | "cpu";
  /** WebGPU features that it has. */
  readonly features: readonly string[];
  /** WebGPU limits. */
  readonly limits: Readonly<Record<string, number>>;
  /** Whether `auto` takes it. */
  readonly chosen: boolean;
}

/**
 * Puts a plan with its weights on a device.
 *
 * @throws {RanetError} If `gpu` is asked for and there is no adapter, or the adapter has too little memory.
 */
export async function openRunner(
  plan: Plan,
  weights: FoldedWeights,
  options: { device: DeviceChoice; capacity: number },
): Promise<Runner> {
  const { device, capacity } = options;
  const packed = packWeights(plan, weights);
  const adapter = device === "cpu" ? undefined : await findAdapter();
  if (adapter) return await WebGpuRunner.create(plan, packed, { capacity, adapter });
  if (device === "gpu") {
    throw new RanetError(
      "Cannot run on the GPU: there is no WebGPU adapter. Install a Vulkan driver (on Debian: " +
        "apt-get install -y --no-install-recommends mesa-vulkan-drivers libvulkan1), or use --device cpu.",
    );
  }
  return new CpuRunner(plan, packed, { capacity });
}

/** What there is to run on, the choice of `auto` first. */
export async function describeAdapters(): Promise<AdapterDescription[]> {
  const adapter = await findAdapter();
  const cpu = { name: "CPU runner", kind: "cpu", features: [], limits: {}, chosen: !adapter } as const;
  if (!adapter) return [cpu];
  const limits: Record<string, number> = {};
  for (const name in adapter.gpu.limits) {
    const value = adapter.gpu.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  const features = [...adapter.gpu.features].toSorted();
  return [{ name: adapter.name, kind: "gpu", features, limits, chosen: true }, cpu];
}
