/**
 * Measures a training step, and a forward pass of the same batch on the same device.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { AdaptiveExecutor, type Model } from "../mod.ts";
import { openTrainer } from "../lib/device/open_trainer.ts";
import { LARGEST_BATCH as BATCH } from "./contestants.ts";
import { attempt, type Effort, type Failure, inTurn, isFailure, median } from "./measure.ts";

/** A training step on a device. */
export interface TrainingFigures {
  /** The device. */
  readonly device: "cpu" | "gpu";
  /** Its name. */
  readonly name: string;
  /** Images in a step. */
  readonly batch: number;
  /** Milliseconds of a forward pass, all exits; median of rounds. */
  readonly forwardMs: number;
  /** Milliseconds of a step; median of rounds. */
  readonly stepMs: number;
  /** Time of a step divided by that of a forward pass; median of rounds. */
  readonly ratio: number;
  /** Memory for training, in bytes. */
  readonly bytes: number;
}

/** Measures steps on devices. */
export async function benchTraining(
  model: Model,
  devices: readonly ("cpu" | "gpu")[],
  images: Float32Array,
  effort: Effort,
): Promise<{ readonly device: string; readonly outcome: TrainingFigures | Failure }[]> {
  const results = [];
  for (const device of devices) {
    results.push({ device, outcome: await attempt(() => benchOn(device, model, images, effort)) });
  }
  return results;
}

async function benchOn(
  device: "cpu" | "gpu",
  model: Model,
  images: Float32Array,
  effort: Effort,
): Promise<TrainingFigures> {
  const { network, spec, tensors } = model;
  const batch = images.subarray(0, BATCH * inputLength(spec.input));
  const labels = Uint32Array.from({ length: BATCH }, (_, i) => i % spec.classes.length);
  using executor = await AdaptiveExecutor.create(model, { device, batchSize: BATCH });
  using trainer = await openTrainer(network, { tensors, momentum: new Map() }, {
    device,
    batchSize: BATCH,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 1e-4, decay: "all" },
    loss: { exits: network.exits.map(() => 1), labelSmoothing: 0 },
    emaDecay: 0,
    gradients: "plain",
    train: "all",
  });
  const [forward, step] = await inTurn([
    () => executor.forward(batch),
    // The rate is so low that the made-up labels are not learned.
    () => trainer.step(batch, labels, { learningRate: 1e-6 }),
  ], effort);
  if (isFailure(forward)) throw new Error(forward.failed);
  if (isFailure(step)) throw new Error(step.failed);
  return {
    device,
    name: trainer.device.name,
    batch: BATCH,
    forwardMs: forward.ms,
    stepMs: step.ms,
    ratio: median(step.times.map((ms, round) => ms / forward.times[round])),
    bytes: trainer.bytes,
  };
}
