/**
 * Replaces `lib/data/open_dataset.ts` in a browser.
 *
 * @module
 */

import { RanetError } from "../lib/errors.ts";

/** Always fails, because a browser has no files. */
export function openDataset(path: string): Promise<never> {
  const reason = "a browser has no files. Use the images themselves: blobDataset({ cat: […], dog: […] }, …)";
  return Promise.reject(new RanetError(`Cannot open data set ${JSON.stringify(path)}: ${reason}`));
}
