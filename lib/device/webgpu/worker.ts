/**
 * Drives a GPU in a worker, which `remote.ts` starts: Deno blocks the thread that waits for a GPU.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { RanetError } from "../../errors.ts";
import type { Runner } from "../runner.ts";
import type { Trainer } from "../trainer.ts";
import { requireAdapter } from "./adapter.ts";
import type { Failure, Reply, Request } from "./remote.ts";
import { WebGpuRunner } from "./runner.ts";
import { selfTest } from "./self_test.ts";
import { WebGpuTrainer } from "./trainer.ts";
import { trainingSelfTest } from "./training_self_test.ts";
import { SelfTestError } from "./trust.ts";

let runner: Runner | undefined;
let trainer: Trainer | undefined;

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "open-runner": {
      const { plan, weights, batchSize, precision } = request;
      const adapter = await requireAdapter();
      runner = await WebGpuRunner.create(plan, weights, { batchSize, precision, adapter, check: selfTest });
      return { device: runner.device, batchSize: runner.batchSize };
    }
    case "open-trainer": {
      const { network, state, options } = request;
      const adapter = await requireAdapter();
      trainer = await WebGpuTrainer.create(network, state, { ...options, adapter, check: trainingSelfTest });
      return { device: trainer.device, bytes: trainer.bytes };
    }
    case "load":
      return await runner!.load(request.images, request.count);
    case "run":
      return await runner!.run(request.range);
    case "step":
      return await trainer!.step(request.images, request.labels, request.options);
    case "read":
      return await trainer!.read();
    case "close":
      runner?.[Symbol.dispose]();
      trainer?.[Symbol.dispose]();
  }
}

function describe(error: unknown): Failure {
  const { message, stack = message } = error as Error;
  if (error instanceof SelfTestError) return { kind: "self-test", message };
  return error instanceof RanetError ? { kind: "refused", message } : { kind: "failed", message: stack };
}

parentPort!.on("message", async ({ id, request }: { readonly id: number; readonly request: Request }) => {
  const reply: Reply = await answer(request).then(
    (result) => ({ id, result }),
    (error) => ({ id, failure: describe(error) }),
  );
  parentPort!.postMessage(reply);
});
parentPort!.postMessage("ready");
