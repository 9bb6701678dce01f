/**
 * Times all exits of an ImageNet network for one image on the CPU, with random initial weights, compared with ONNX Runtime.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { createModel, readSpec } from "../mod.ts";
import { buildNetwork } from "../lib/network/build.ts";
import { initialWeights } from "../lib/training/initial_weights.ts";
import type { Contestant } from "./contestants.ts";
import { attempt, type Effort, type Failure, inTurn, isFailure } from "./measure.ts";

const SPEC = "ranet-imagenet-c32";

/** Times on a large network. */
export interface LargeResult {
  /** The network. */
  readonly name: string;
  /** Its multiply-adds. */
  readonly flops: number;
  /** Milliseconds per image, by contestant. */
  readonly times: readonly { readonly id: string; readonly ms: number | Failure }[];
}

/** Times the contestants, which take turns. */
export async function benchLarge(contestants: readonly Contestant[], effort: Effort): Promise<LargeResult> {
  const spec = await readSpec(SPEC);
  const network = buildNetwork(spec);
  const model = createModel(spec, initialWeights(network, 0), { source: "initial weights" });
  const image = new Float32Array(inputLength(spec.input)).map((_, i) => Math.sin(i * i % 10007));
  const sessions = await Promise.all(contestants.map((one) => attempt(() => one.open(model))));
  const timings = await inTurn(
    sessions.map((session) => async () => {
      if (isFailure(session)) throw new Error(session.failed);
      await session.run(image, 1);
    }),
    effort,
  );
  for (const session of sessions) if (!isFailure(session)) await session[Symbol.asyncDispose]();
  return {
    name: spec.name,
    flops: network.exits[network.exits.length - 1].cumulativeFlops,
    times: contestants.map(({ id }, i) => {
      const timing = timings[i];
      return { id, ms: isFailure(timing) ? timing : timing.ms };
    }),
  };
}
