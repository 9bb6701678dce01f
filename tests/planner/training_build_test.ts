import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { layerParameters } from "../../lib/network/cost.ts";
import type { LossOptions } from "../../lib/device/trainer.ts";
import type { Network, View } from "../../lib/network/network.ts";
import { areaOf } from "../../lib/network/size.ts";
import { buildTrainingPlan } from "../../lib/planner/training_build.ts";
import { type TrainingStep, viewsOf } from "../../lib/planner/training_plan.ts";
import { NETWORKS } from "../training_networks.ts";
import { randomArray, randomNumbers, randomTensors } from "../fixtures.ts";
import { times } from "../long.ts";
import { PlainTraining } from "../device/plain_training.ts";

const SAMPLES = 3;

for (const [title, network] of NETWORKS) {
  const plan = buildTrainingPlan(network, { train: "all" });

  Deno.test(`${title}: every gradient is written before it is read or added to`, () => {
    const written = plan.features.map(() => new Set<number>());
    const channelsOf = ({ offset, channels }: View) => Array.from({ length: channels }, (_, k) => offset + k);
    const gradients = new Set(
      plan.features.keys().filter((tensor) => plan.features[tensor].name.startsWith("gradient")),
    );
    let reads = 0;
    for (const step of plan.backward) {
      const result = resultOf(step);
      for (const range of viewsOf(step)) {
        if (!gradients.has(range.feature)) continue;
        if (range === result && !("accumulate" in range && range.accumulate)) continue;
        reads++;
        assert(channelsOf(range).every((k) => written[range.feature].has(k)), plan.features[range.feature].name);
      }
      if (result) { for (const k of channelsOf(result)) written[result.feature].add(k); }
    }
    assert(reads > 0);
  });

  Deno.test(`${title}: no step overwrites a gradient that another step has added to`, () => {
    const written = plan.features.map(() => new Set<number>());
    for (const step of plan.backward) {
      const result = resultOf(step);
      if (!result) continue;
      for (let k = result.offset; k < result.offset + result.channels; k++) {
        const isNew = !("accumulate" in result) || !result.accumulate;
        assertEquals(written[result.feature].has(k), !isNew);
        written[result.feature].add(k);
      }
    }
  });

  testGradients(title, network, { exits: network.exits.map((_, k) => 1 + k / 2), labelSmoothing: 0.1 });
}

const distillation = { teacher: "last-exit", weight: 0.7, temperature: 2 } as const;
testGradients("distillation between boosted exits", NETWORKS.get("boosted exits")!, {
  exits: [1, 0.5, 2],
  labelSmoothing: 0.1,
  distillation,
});
testGradients("distillation with a constant teacher", NETWORKS.get("coarsest scale twice")!, {
  exits: [1, 0.5, 2],
  labelSmoothing: 0.1,
  distillation,
});

/** Registers a test of a network's gradients. */
function testGradients(title: string, network: Network, loss: LossOptions): void {
  const plan = buildTrainingPlan(network, { train: "all" });

  Deno.test(`${title}: gradients match finite differences of the loss`, () => {
    const { size } = network.features[0];
    const images = randomArray(SAMPLES * 3 * areaOf(size), 1);
    const labels = Uint32Array.from({ length: SAMPLES }, (_, i) => i % network.spec.classes.length);
    const parameters = randomTensors(network, 7);
    const lossWith = (name: string, i: number, change: number): number => {
      const { shape, data } = parameters.get(name)!;
      const changed = Float64Array.from(data);
      changed[i] += change;
      const changedParameters = new Map<string, { data: ArrayLike<number> }>([...parameters, [name, {
        data: changed,
      }]]);
      const plain = new PlainTraining(plan, { parameters: changedParameters, images, labels, loss, held });
      for (const step of plan.forward) plain.step(step);
      assertEquals(shape.reduce((product, side) => product * side, 1), changed.length);
      return plain.losses.reduce((sum, value, k) => sum + value * loss.exits[k], 0);
    };
    const before = new PlainTraining(plan, { parameters, images, labels, loss });
    for (const step of plan.forward.filter(({ kind }) => kind !== "loss")) before.step(step);
    const held = before.logits.map((logits) => logits.slice());
    const plain = new PlainTraining(plan, { parameters, images, labels, loss });
    plain.run();
    const next = randomNumbers(3);
    const learned = network.exits.flatMap((exit) => exit.layers).flatMap(layerParameters).filter((p) => p.learned);
    assertEquals(plan.parameters.map(({ name }) => name).toSorted(), [...plain.gradients.keys()].toSorted());
    for (let trial = 0; trial < times(4, 12); trial++) {
      const { name } = learned[Math.floor((next() + 1) / 2 * learned.length)];
      const { data } = parameters.get(name)!;
      const i = Math.floor((next() + 1) / 2 * data.length);
      // So small that hardly any ReLU changes its sign.
      const change = 1e-6;
      const slope = (lossWith(name, i, change) - lossWith(name, i, -change)) / (2 * change);
      // Parameters that no exit needs have no gradients.
      const gradient = plain.gradients.get(name)?.[i] ?? 0;
      assertAlmostEquals(gradient, slope, 1e-5 * Math.max(1, Math.abs(slope)), `${name} ${i}`);
    }
  });
}

/** The gradient that a step writes. */
function resultOf(step: TrainingStep) {
  if (step.kind === "zero") return step.output;
  return "result" in step ? step.result : undefined;
}
