/**
 * Classifications in the form that `ranet classify --json` and the server return.
 *
 * @module
 */

import type { Classification } from "./classification.ts";
import type { Model } from "../model/model.ts";
import { type BatchSummary, summarize } from "./summary.ts";

/** The result for one image. */
export interface ImageResult extends Omit<Classification, "probabilities"> {
  /** The image's path, URL or name. */
  readonly image: string;
  /** Multiply-adds of the full network. */
  readonly fullFlops: number;
  /** The most probable classes, best first. */
  readonly top: readonly { readonly label: string; readonly index: number; readonly confidence: number }[];
}

/** The results for a batch of images. */
export interface Results extends BatchSummary {
  /** The budget in multiply-adds per image on average, if there is one. */
  readonly budget?: number;
  /** The results of the images. */
  readonly images: readonly ImageResult[];
}

/** One image's result, with its `top` most probable classes. */
export function imageResult(
  image: string,
  { probabilities, ...classification }: Classification,
  { model: { spec, network }, top }: { readonly model: Model; readonly top: number },
): ImageResult {
  const indexes = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]).slice(0, top);
  return {
    image,
    ...classification,
    fullFlops: network.exits[network.exits.length - 1].cumulativeFlops,
    top: indexes.map((index) => ({ label: spec.classes[index], index, confidence: probabilities[index] })),
  };
}

/** The server's response: the list of results, and their total cost. */
export function resultsJson(
  results: readonly ImageResult[],
  { model, budget }: { readonly model: Model; readonly budget?: number },
): Results {
  return { budget, ...summarize(results, model.network), images: results };
}
