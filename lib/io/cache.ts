/**
 * Where things are kept from one run of a program to the next.
 *
 * @module
 */

/** The web's cache, which takes no permission; undefined where nothing can be kept, as on a read-only disk. */
export async function openCache(): Promise<Cache | undefined> {
  return await globalThis.caches?.open("ranet").catch(() => undefined);
}
