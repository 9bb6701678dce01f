/**
 * Summarises the cost and accuracy of a batch.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import type { Classification } from "./classification.ts";
import { expectArray, expectObject } from "../text/expect.ts";

/** A summary of the samples that left at one exit. */
export interface ExitSummary {
  /** The exit, counted from 1. */
  readonly exit: number;
  /** Number of samples that left there. */
  readonly samples: number;
  /** Their share of the batch, in [0, 1]. */
  readonly share: number;
  /** Share of them classified correctly, if labels are known and samples left there. */
  readonly accuracy?: number;
}

/** A summary of a batch. */
export interface BatchSummary {
  /** Number of samples. */
  readonly samples: number;
  /** Multiply-adds per sample, on average. */
  readonly averageFlops: number;
  /** Share of samples classified correctly, if labels are known. */
  readonly accuracy?: number;
  /** All exits of the network. */
  readonly exits: readonly ExitSummary[];
}

/**
 * Summarises a batch.
 *
 * @param results Results of all its samples, at least one.
 * @param network The network.
 * @param options `labels`: the correct class of each sample, as an index.
 * @returns The average cost of the batch, and the samples that left at each exit.
 * @throws {RanetError} If there are no results, or not as many labels.
 *
 * @example
 * ```ts
 * import { readSpec, summarize } from "@ranet/ranet";
 * import { buildNetwork } from "@ranet/ranet/spec";
 *
 * const network = buildNetwork(await readSpec("ranet-cifar10"));
 * const results = [ // usually from AdaptiveExecutor.classify
 *   { index: 8, exit: 1, flops: network.exits[0].cumulativeFlops },
 *   { index: 3, exit: 4, flops: network.exits[3].cumulativeFlops },
 * ];
 * const { averageFlops, accuracy, exits } = summarize(results, network, { labels: [8, 5] });
 * console.log(averageFlops, accuracy, exits[0].share); // 24942233 0.5 0.5
 * ```
 */
export function summarize(
  results: readonly Pick<Classification, "index" | "exit" | "flops">[],
  network: Network,
  options: { readonly labels?: ArrayLike<number> } = {},
): BatchSummary {
  expectArray("summarize", { results });
  expectObject("summarize", { network }, "spec", "exits");
  expectObject("summarize", { options });
  const { labels } = options;
  if (results.length === 0) throw new RanetError("Cannot summarize a batch: it has no samples");
  if (labels && labels.length !== results.length) {
    throw new RanetError(`Cannot summarize a batch of ${results.length} samples: found ${labels.length} labels`);
  }
  const correct = results.map(({ index }, sample) => index === labels?.[sample]);
  const accuracyOf = (samples: readonly boolean[]) =>
    labels && samples.length > 0 ? { accuracy: samples.filter(Boolean).length / samples.length } : {};
  return {
    samples: results.length,
    averageFlops: results.reduce((sum, { flops }) => sum + flops, 0) / results.length,
    ...accuracyOf(correct),
    exits: network.exits.map((_, k) => {
      const here = correct.filter((_, sample) => results[sample].exit === k + 1);
      return { exit: k + 1, samples: here.length, share: here.length / results.length, ...accuracyOf(here) };
    }),
  };
}

/**
 * Summarises how many samples left at each exit.
 *
 * @param counts Number of samples for each exit; not all 0.
 */
export function summarizeExits(counts: readonly number[], network: Network): BatchSummary {
  const samples = counts.reduce((sum, count) => sum + count, 0);
  const flops = network.exits.reduce((sum, { cumulativeFlops }, k) => sum + counts[k] * cumulativeFlops, 0);
  return {
    samples,
    averageFlops: flops / samples,
    exits: counts.map((count, k) => ({ exit: k + 1, samples: count, share: count / samples })),
  };
}
