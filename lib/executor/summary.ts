/**
 * What a batch cost, and how right it was.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Network } from "../network/network.ts";
import type { Classification } from "./classification.ts";
import { expectArray, expectObject } from "../text/expect.ts";

/** What became of the samples that left at one exit. */
export interface ExitSummary {
  /** The exit, counted from 1. */
  readonly exit: number;
  /** Number of samples that left there. */
  readonly samples: number;
  /** Their share of the batch, in [0, 1]. */
  readonly share: number;
  /** Share of them classified rightly, where labels are known and any sample left there. */
  readonly accuracy?: number;
}

/** What became of a batch. */
export interface BatchSummary {
  /** Number of samples. */
  readonly samples: number;
  /** Multiply-adds per sample, on average. */
  readonly averageFlops: number;
  /** Share of samples classified rightly, where labels are known. */
  readonly accuracy?: number;
  /** All exits of the network. */
  readonly exits: readonly ExitSummary[];
}

/**
 * Sums a batch up.
 *
 * @param results Of all its samples, at least one.
 * @param network The network that gave them.
 * @param options `labels`: the correct class of each sample, as an index.
 * @returns What the batch cost on average, and what left at each exit.
 * @throws {RanetError} If there are no results, or not as many labels.
 *
 * @example
 * ```ts
 * import { readSpec, summarize } from "@ranet/ranet";
 * import { buildNetwork } from "@ranet/ranet/spec";
 *
 * const network = buildNetwork(await readSpec("ranet-cifar10"));
 * const results = [ // in earnest, from AdaptiveExecutor.classify
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
 * Sums up how many samples left at each exit.
 *
 * @param counts For each exit; not all of them 0.
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
