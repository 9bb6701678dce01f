/**
 * Compares our network's throughput with that of a matrix product on the same adapter. The two take turns.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import type { Adapter } from "../lib/device/webgpu/adapter.ts";
import { AdaptiveExecutor, type Model } from "../mod.ts";
import { BATCHES } from "./batches.ts";
import { LARGEST_BATCH } from "./contestants.ts";
import { openGemm } from "./gemm.ts";
import { type Effort, inTurn, isFailure, median } from "./measure.ts";

/** The ceiling, and the share of it that the network reaches. */
export interface Ceiling {
  /** Throughput of the product in 10⁹ operations per second; a multiply-add counts as two. Median of rounds. */
  readonly gflops: number;
  /** Side of the fastest register tile. */
  readonly tile: number;
  /** Side of the matrices. */
  readonly size: number;
  /** By batch size: share of the product's throughput that the network reaches, median of rounds. */
  readonly shares: Readonly<Record<number, number>>;
}

/** Measures the ceiling and all exits of the network, in turn. */
export async function benchCeiling(
  model: Model,
  adapter: Adapter,
  images: Float32Array,
  options: { readonly effort: Effort; readonly seconds: number },
): Promise<Ceiling> {
  using gemm = await openGemm(adapter, options);
  using executor = await AdaptiveExecutor.create(model, { device: "gpu", batchSize: LARGEST_BATCH });
  const { cumulativeFlops } = model.network.exits[model.network.exits.length - 1];
  const length = inputLength(model.spec.input);
  const [product, ...networks] = await inTurn([
    () => gemm.run(),
    ...BATCHES.map((batch) => () => executor.forward(images.subarray(0, batch * length))),
  ], options.effort);
  if (isFailure(product)) throw new Error(product.failed);
  const speeds = product.times.map((ms) => gemm.operations / ms / 1e6);
  const shares: Record<number, number> = {};
  networks.forEach((timing, i) => {
    if (isFailure(timing)) throw new Error(timing.failed);
    const operations = 2 * cumulativeFlops * BATCHES[i];
    shares[BATCHES[i]] = median(timing.times.map((ms, round) => operations / ms / 1e6 / speeds[round]));
  });
  return { gflops: median(speeds), tile: gemm.tile, size: gemm.size, shares };
}
