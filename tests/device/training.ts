/**
 * Compares a trainer's first step with the reference implementation, for tests of every device.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import type { SecondLabels, Trainer, TrainerOptions, TrainingState } from "../../lib/device/trainer.ts";
import type { Network } from "../../lib/network/network.ts";
import { inputLength } from "../../lib/network/common.ts";
import { buildTrainingPlan } from "../../lib/planner/training_build.ts";
import { randomArray, randomTensors } from "../fixtures.ts";
import { PlainTraining } from "./plain_training.ts";

/** Default options of trainers in tests. */
export function trainerOptions(network: Network, changes: Partial<TrainerOptions> = {}): TrainerOptions {
  return {
    batchSize: 6,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0, decay: "all" },
    loss: { exits: network.exits.map((_, k) => 1 + k / 2), labelSmoothing: 0.1 },
    emaDecay: 0,
    gradients: "plain",
    train: "all",
    ...changes,
  };
}

/** Images and labels that are the same in every run. */
export function randomBatch(network: Network, { samples = 5, seed = 1 } = {}) {
  const images = randomArray(samples * inputLength(network.spec.input), seed);
  const labels = Uint32Array.from({ length: samples }, (_, i) => (i + seed) % network.spec.classes.length);
  return { images, labels };
}

/** Takes a step at rate 0, and compares losses, gradients and running statistics with the reference implementation. */
export async function assertFirstStep(
  network: Network,
  options: TrainerOptions,
  open: (state: TrainingState) => Promise<Trainer>,
  { second }: { readonly second?: SecondLabels } = {},
): Promise<void> {
  const tensors = randomTensors(network, 5);
  const { images, labels } = randomBatch(network);
  const plan = buildTrainingPlan(network, options);
  const plain = new PlainTraining(plan, { parameters: tensors, images, labels, loss: options.loss, second });
  plain.run();
  using trainer = await open({ tensors, momentum: new Map() });
  const { losses, correct } = await trainer.step(images, labels, { learningRate: 0, second });
  losses.forEach((loss, k) => assertLess(Math.abs(loss - plain.losses[k]), 1e-5));
  assertEquals([...correct], plain.correct);
  const state = await trainer.read();
  assertEquals([...state.momentum.keys()].toSorted(), plan.parameters.map(({ name }) => name).toSorted());
  let [error, norm] = [0, 0];
  for (const { name, exits } of plan.parameters) {
    const share = options.gradients === "equilibrium" ? 1 / exits : 1;
    state.momentum.get(name)!.data.forEach((value, i) => {
      const expected = share * plain.gradients.get(name)![i];
      error += (value - expected) ** 2;
      norm += expected ** 2;
    });
  }
  assert(error <= 1e-8 * norm, `gradients differ by ${Math.sqrt(error / norm)}`);
  for (const [name, { data }] of state.tensors) {
    data.forEach((value, i) => assertLess(Math.abs(value - plain.parameters.get(name)![i]), 1e-5, name));
  }
}
