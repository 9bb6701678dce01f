/**
 * Records which kernels have passed an adapter's self-test, so that each is tested once. Stored like the results of
 * `tune`.
 *
 * @module
 */

import config from "../../../deno.json" with { type: "json" };
import { openCache } from "../../io/cache.ts";
import { featuresOf, limitsOf, titleOf } from "./adapter.ts";
import type { OpenAdapter } from "./device.ts";
import { type Kernel, kernelKey } from "./kernels.ts";

/** Kernels that passed, by device identity, as far as this program has read or tested them. */
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
   * Reads which kernels have passed, in this program or an earlier one.
   *
   * @param text The source of all kernels that are tested together.
   */
  static async of(device: OpenAdapter, text: string): Promise<PassedKernels> {
    const url = `https://ranet.invalid/self-test/${await identityOf(device, text)}`;
    let keys = known.get(url);
    if (!keys) known.set(url, keys = read(url));
    return new PassedKernels(url, await keys);
  }

  /** The kernels that have not passed, without duplicates. */
  without(kernels: readonly Kernel<string>[]): Kernel<string>[] {
    const byKey = new Map(kernels.map((kernel) => [kernelKey(kernel), kernel]));
    return [...byKey].filter(([key]) => !this.#keys.has(key)).map(([, kernel]) => kernel);
  }

  /** Records that these have passed; for later programs too, if that can be stored. */
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
 * Identifies everything that may compile or run a kernel differently. WebGPU does not report the driver's version, so
 * its features and limits are used; the runtime's version identifies its shader compiler.
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
