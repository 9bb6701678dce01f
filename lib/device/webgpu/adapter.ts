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
  /** What WebGPU runs on there, as far as can be told: one name may stand for a driver of Vulkan and one of OpenGL. */
  readonly backend: string;
  /** Whether it is itself a CPU driver. */
  readonly isCpu: boolean;
  /** How it runs workgroups. */
  readonly traits: AdapterTraits;
}

/** Finds the adapter that WebGPU prefers; undefined where there is none. */
export async function findAdapter(): Promise<Adapter | undefined> {
  const gpu = await requestAdapter();
  if (!gpu) return undefined;
  const { description, device, architecture, vendor } = gpu.info;
  const name = description || device || architecture || vendor || "unnamed adapter";
  const adapter = { gpu, name, backend: backendOf(gpu.info), isCpu: isCpuDriver(gpu.info) };
  return { ...adapter, traits: await keptTraits(titleOf(adapter)) ?? defaultTraits(adapter.isCpu) };
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
      "apt-get install -y --no-install-recommends mesa-vulkan-drivers libvulkan1), or run on the CPU.",
    { code: "device", remedy: { device: "cpu" } },
  );
}

/** An adapter's name with what it runs on, for people. */
export function titleOf({ name, backend }: Pick<Adapter, "name" | "backend">): string {
  return `${name} (${backend})`;
}

/** Its WebGPU features, sorted. */
export function featuresOf({ gpu }: Adapter): string[] {
  return [...gpu.features].toSorted();
}

/** Its WebGPU limits. */
export function limitsOf({ gpu }: Adapter): Readonly<Record<string, number>> {
  const limits: Record<string, number> = {};
  // They are getters of the prototype.
  for (const name in gpu.limits) {
    const value = gpu.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return limits;
}

/** A CPU driver runs the 8 lanes of a vector in step, a workgroup a core; a GPU has lanes and cores in plenty. */
export function defaultTraits(isCpu: boolean): AdapterTraits {
  return isCpu
    ? { lanes: 8, parallelism: navigator.hardwareConcurrency, tiles: CPU_TILES }
    : { lanes: 64, parallelism: 128, tiles: GPU_TILES };
}

/** Adapters that have given their device: by the standard they give no second. */
const spent = new WeakSet<GPUAdapter>();

/** A device with the adapter's own limits for buffers; of another adapter like it where that has given one. */
export async function requestDevice(adapter: Adapter): Promise<GPUDevice> {
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.gpu.limits;
  try {
    const gpu = spent.has(adapter.gpu) ? await requestAdapter() : adapter.gpu;
    if (!gpu) throw new Error("it is there no longer");
    spent.add(gpu);
    return await gpu.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  } catch (error) {
    throw new RanetError(`Cannot open the adapter ${titleOf(adapter)}: ${(error as Error).message}`, {
      code: "device",
      remedy: { device: "cpu" },
      cause: error,
    });
  }
}

async function requestAdapter(): Promise<GPUAdapter | null | undefined> {
  return await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
}

/** Browsers that hide the name may still say that they fell back; WARP is Windows' own. */
function isCpuDriver(info: GPUAdapterInfo): boolean {
  const { description, device, architecture } = info;
  return info.isFallbackAdapter ||
    /llvmpipe|lavapipe|softpipe|swiftshader|basic render|\bwarp\b/i.test(`${description} ${device} ${architecture}`);
}

/**
 * WebGPU does not tell its backend. Deno's (wgpu) can be told by the system, and OpenGL by subgroup sizes: those that it
 * names there are not a driver's, but the least and the most that there may be.
 */
function backendOf({ subgroupMinSize, subgroupMaxSize }: GPUAdapterInfo): string {
  if (!("Deno" in globalThis)) return "in the browser";
  switch (Deno.build.os) {
    case "darwin":
      return "Metal";
    case "windows":
      return "Direct3D 12 or Vulkan";
    default:
      return subgroupMinSize === 4 && subgroupMaxSize === 128 ? "OpenGL" : "Vulkan";
  }
}
