/**
 * A cache that persists between runs.
 *
 * @module
 */

/**
 * Opens the Web Cache API's cache, which needs no permission; `undefined` if it cannot be used, for example on a
 * read-only disk.
 */
export async function openCache(): Promise<Cache | undefined> {
  return await globalThis.caches?.open("ranet").catch(() => undefined);
}
