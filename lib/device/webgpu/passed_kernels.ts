/**
 * Which kernels have passed an adapter's self-test: kept as `tune`'s figures are, so that each is tried once.
 *
 * @module
 */

import config from "../../../deno.json" with { type: "json" };
import { openCache } from "../../io/cache.ts";
import { featuresOf, limitsOf, titleOf } from "./adapter.ts";
import type { OpenAdapter } from "./device.ts";
import { type Kernel, kernelKey } from "./kernels.ts";

/** In this program, by where they passed. */
const known = new Map<string, Promise<Set<string>>>();

/** The kernels that have passed on a device's kind of adapter. */
export class PassedKernels {
  readonly #url: string;
  readonly #keys: Set<string>;

  private constructor(url: string, keys: Set<string>) {
    this.#url = url;
    this.#keys = keys;
  }

  /**
   * Finds out what has passed, in this program or an earlier one.
   *
   * @param text Of all kernels that are tried in the same way.
   */
  static async of(device: OpenAdapter, text: string): Promise<PassedKernels> {
    const url = `https://ranet.invalid/self-test/${await identityOf(device, text)}`;
    let keys = known.get(url);
    if (!keys) known.set(url, keys = read(url));
    return new PassedKernels(url, await keys);
  }

  /** Those kernels that have not passed, each once. */
  without(kernels: readonly Kernel<string>[]): Kernel<string>[] {
    const byKey = new Map(kernels.map((kernel) => [kernelKey(kernel), kernel]));
    return [...byKey].filter(([key]) => !this.#keys.has(key)).map(([, kernel]) => kernel);
  }

  /** Notes that these have passed; for later programs too, where that can be kept. */
  async add(kernels: readonly Kernel<string>[]): Promise<void> {
    for (const kernel of kernels) this.#keys.add(kernelKey(kernel));
    const cache = await openCache();
    await cache?.put(this.#url, Response.json([...this.#keys])).catch(() => {});
  }
}

async function read(url: string): Promise<Set<string>> {
  const kept = await (await openCache())?.match(url);
  const keys: unknown = await kept?.json().catch(() => undefined);
  return new Set(Array.isArray(keys) ? keys.filter((key) => typeof key === "string") : []);
}

/**
 * Tells apart whatever may compile or run a kernel differently. A driver's version is not to be had; its features and limits
 * are, and the runtime's version stands for the compiler in it.
 */
async function identityOf({ adapter, precision }: OpenAdapter, text: string): Promise<string> {
  const { vendor, architecture, device } = adapter.gpu.info;
  const about = {
    versions: [config.version, navigator.userAgent],
    adapter: [titleOf(adapter), vendor, architecture, device, featuresOf(adapter), limitsOf(adapter)],
    kernels: [text, precision],
  };
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(about)));
  return new Uint8Array(digest).toHex();
}
