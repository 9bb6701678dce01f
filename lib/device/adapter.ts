/**
 * Finding a WebGPU adapter and getting a device from it.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type AdapterTraits, DEFAULT_TILES } from "../planner/tiles.ts";

/** An adapter with what the planner wants to know of it. */
export interface Adapter {
  /** What WebGPU gave. */
  readonly gpu: GPUAdapter;
  /** Its name, as the driver tells it. */
  readonly name: string;
  /** How it runs workgroups. */
  readonly traits: AdapterTraits;
}

/** Finds the adapter that WebGPU prefers; undefined where there is none. */
export async function findAdapter(): Promise<Adapter | undefined> {
  const gpu = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!gpu) return undefined;
  const { description, device, architecture, vendor } = gpu.info;
  const name = description || device || architecture || vendor || "unnamed adapter";
  return { gpu, name, traits: traitsOf(`${name} ${architecture}`) };
}

/** A CPU driver runs the 8 lanes of a vector in step, a workgroup a core; a GPU has lanes and cores in plenty. */
function traitsOf(name: string): AdapterTraits {
  return /llvmpipe|lavapipe|swiftshader/i.test(name)
    ? { lanes: 8, parallelism: navigator.hardwareConcurrency, tiles: DEFAULT_TILES }
    : { lanes: 64, parallelism: 128, tiles: DEFAULT_TILES };
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
