/**
 * What takes the place of `lib/data/open_dataset.ts` in a browser.
 *
 * @module
 */

import { RanetError } from "../lib/errors.ts";

/** Refuses: there are no files. */
export function openDataset(path: string): Promise<never> {
  const reason = "a browser has no files. Give the images themselves: blobDataset({ cat: […], dog: […] }, …)";
  return Promise.reject(new RanetError(`Cannot open data set ${JSON.stringify(path)}: ${reason}`));
}
