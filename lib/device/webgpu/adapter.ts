/**
 * Finds a WebGPU adapter and requests a device from it.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { keptTraits } from "./kept_traits.ts";
import { type AdapterTraits, CPU_TILES, GPU_TILES } from "./tiles.ts";

/** An adapter with the properties that the planner needs. */
export interface Adapter {
  /** The adapter as WebGPU returned it. */
  readonly gpu: GPUAdapter;
  /** Its name, as reported by the driver. */
  readonly name: string;
  /** The API below WebGPU, if it can be determined: a Vulkan and an OpenGL driver may have the same name. */
  readonly backend: string;
  /** Whether it is a CPU driver. */
  readonly isCpu: boolean;
  /** How it runs workgroups. */
  readonly traits: AdapterTraits;
}

/** Finds the adapter that WebGPU prefers; undefined if there is none. */
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

/** An adapter's name and the API below it, as shown to users. */
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
  // The limits are getters of the prototype, so Object.entries() would miss them.
  for (const name in gpu.limits) {
    const value = gpu.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return limits;
}

/** A CPU driver runs the 8 lanes of a vector in lockstep and one workgroup per core; a GPU has many of both. */
export function defaultTraits(isCpu: boolean): AdapterTraits {
  return isCpu
    ? { lanes: 8, parallelism: navigator.hardwareConcurrency, tiles: CPU_TILES, readsAhead: true }
    : { lanes: 64, parallelism: 128, tiles: GPU_TILES };
}

/** Adapters whose device has been requested: WebGPU allows one device per adapter. */
const spent = new WeakSet<GPUAdapter>();

/**
 * Requests a device with the adapter's own limits for buffers. If the adapter's device has already been requested, an
 * equal adapter is requested first.
 */
export async function requestDevice(adapter: Adapter): Promise<GPUDevice> {
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.gpu.limits;
  try {
    const gpu = spent.has(adapter.gpu) ? await requestAdapter() : adapter.gpu;
    if (!gpu) throw new Error("it is no longer available");
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

/** Browsers that hide the name may still report a fallback adapter. WARP is the CPU driver of Windows. */
function isCpuDriver(info: GPUAdapterInfo): boolean {
  const { description, device, architecture } = info;
  return info.isFallbackAdapter ||
    /llvmpipe|lavapipe|softpipe|swiftshader|basic render|\bwarp\b/i.test(`${description} ${device} ${architecture}`);
}

/**
 * WebGPU does not report its backend. Deno's (wgpu) follows from the operating system, and OpenGL from the subgroup
 * sizes: with OpenGL, wgpu reports the smallest and largest possible sizes instead of the driver's.
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
