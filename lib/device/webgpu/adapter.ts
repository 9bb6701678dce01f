/**
 * Finding a WebGPU adapter and getting a device from it.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { keptTraits } from "./kept_traits.ts";
import { type AdapterTraits, CPU_TILES, GPU_TILES } from "./tiles.ts";

/** An adapter with what the planner wants to know of it. */
export interface Adapter {
  /** What WebGPU gave. */
  readonly gpu: GPUAdapter;
  /** Its name, as the driver tells it. */
  readonly name: string;
  /** Whether it is itself a CPU driver. */
  readonly isCpu: boolean;
  /** How it runs workgroups. */
  readonly traits: AdapterTraits;
}

/** Finds the adapter that WebGPU prefers; undefined where there is none. */
export async function findAdapter(): Promise<Adapter | undefined> {
  const gpu = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!gpu) return undefined;
  const { description, device, architecture, vendor } = gpu.info;
  const name = description || device || architecture || vendor || "unnamed adapter";
  const isCpu = /llvmpipe|lavapipe|swiftshader/i.test(`${name} ${architecture}`);
  return { gpu, name, isCpu, traits: await keptTraits(name) ?? defaultTraits(isCpu) };
}

/**
 * Finds the adapter that WebGPU prefers.
 *
 * @throws {RanetError} If there is none.
 */
export async function requireAdapter(): Promise<Adapter> {
  const adapter = await findAdapter();
  if (adapter) return adapter;
  throw new RanetError(
    "Cannot run on the GPU: there is no WebGPU adapter. Install a Vulkan driver (on Debian: " +
      "apt-get install -y --no-install-recommends mesa-vulkan-drivers libvulkan1), or use --device cpu.",
  );
}

/** A CPU driver runs the 8 lanes of a vector in step, a workgroup a core; a GPU has lanes and cores in plenty. */
export function defaultTraits(isCpu: boolean): AdapterTraits {
  return isCpu
    ? { lanes: 8, parallelism: navigator.hardwareConcurrency, tiles: CPU_TILES }
    : { lanes: 64, parallelism: 128, tiles: GPU_TILES };
}

/** A device with the adapter's own limits for buffers. */
export async function requestDevice({ gpu, name }: Adapter): Promise<GPUDevice> {
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  try {
    return await gpu.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  } catch (error) {
    throw new RanetError(`Cannot open the adapter ${name}: ${(error as Error).message}. Try --device cpu.`);
  }
}
