import { assert, assertEquals, assertLess, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { CpuTrainer } from "../../../lib/device/cpu/trainer.ts";
import { RanetError } from "../../../lib/errors.ts";
import type { TrainerOptions, TrainingState } from "../../../lib/device/trainer.ts";
import { readSpec } from "../../../lib/model/model.ts";
import { buildNetwork } from "../../../lib/network/build.ts";
import { randomTensors } from "../../fixtures.ts";
import { NETWORKS } from "../../training_networks.ts";
import { assertFirstStep, randomBatch, trainerOptions } from "../training.ts";

const NETWORK = NETWORKS.get("coarsest scale twice")!;
const START: TrainingState = { tensors: randomTensors(NETWORK), momentum: new Map() };

/** The state after steps on different batches. */
async function after(
  steps: number,
  { changes, state = START, threads = 2, first = 0 }: {
    changes?: Partial<TrainerOptions>;
    state?: TrainingState;
    threads?: number;
    first?: number;
  } = {},
): Promise<TrainingState> {
  using trainer = await CpuTrainer.create(NETWORK, state, { ...trainerOptions(NETWORK, changes), threads });
  for (let step = first; step < first + steps; step++) {
    const { images, labels } = randomBatch(NETWORK, { seed: step + 1 });
    await trainer.step(images, labels, { rate: 0.1 });
  }
  return await trainer.read();
}

for (const [title, network] of NETWORKS) {
  Deno.test(`${title}: losses, gradients and statistics are as defined`, async () => {
    const options = trainerOptions(network);
    await assertFirstStep(network, options, (state) => CpuTrainer.create(network, state, { ...options, threads: 2 }));
  });
}

Deno.test("equilibrium gradients are divided by the number of exits that share a layer", async () => {
  const options = trainerOptions(NETWORK, { gradients: "equilibrium" });
  await assertFirstStep(NETWORK, options, (state) => CpuTrainer.create(NETWORK, state, { ...options, threads: 1 }));
});

Deno.test("classifiers alone: all else stays", async () => {
  const options = trainerOptions(NETWORK, { train: "classifiers" });
  await assertFirstStep(NETWORK, options, (state) => CpuTrainer.create(NETWORK, state, { ...options, threads: 2 }));
  const { tensors } = await after(2, { changes: { train: "classifiers" } });
  for (const [name, { data }] of tensors) {
    const isLinear = name.includes(".linear.");
    assertEquals(START.tensors.get(name)!.data.every((value, i) => value === data[i]), !isLinear, name);
  }
});

Deno.test("steps are the same whatever the number of threads", async () => {
  const [one, three] = [await after(3, { threads: 1 }), await after(3, { threads: 3 })];
  assertEquals(one, three);
  assertNotEquals(one.tensors, START.tensors);
});

Deno.test("a run goes on from its state as if it had not stopped", async () => {
  const changes = { average: 0.9 };
  const half = await after(2, { changes });
  assertEquals(await after(2, { changes, state: half, first: 2 }), await after(4, { changes }));
});

Deno.test("the optimiser is PyTorch's", async () => {
  const optimizer = { momentum: 0.8, nesterov: true, weightDecay: 0.01, decay: "weights" } as const;
  const first = (await after(1, { changes: { optimizer: { ...optimizer, weightDecay: 0 } } })).momentum;
  const { tensors, momentum } = await after(1, { changes: { optimizer, average: 0.75 } });
  for (const [name, { shape, data }] of momentum) {
    const before = START.tensors.get(name)!.data;
    data.forEach((velocity, i) => {
      const gradient = first.get(name)!.data[i] + (shape.length > 1 ? 0.01 * before[i] : 0);
      assertLess(Math.abs(velocity - gradient), 1e-5, name);
      assertLess(Math.abs(tensors.get(name)!.data[i] - (before[i] - 0.1 * (gradient + 0.8 * velocity))), 1e-5, name);
    });
  }
  const { average } = await after(1, { changes: { optimizer, average: 0.75 } });
  for (const [name, { data }] of average!) {
    const before = START.tensors.get(name)!.data;
    data.forEach((value, i) => {
      assertLess(Math.abs(value - (0.75 * before[i] + 0.25 * tensors.get(name)!.data[i])), 1e-5, name);
    });
  }
});

Deno.test("a loss that is not finite changes nothing, nor does what comes after", async () => {
  using trainer = await CpuTrainer.create(NETWORK, START, { ...trainerOptions(NETWORK), threads: 2 });
  const { images, labels } = randomBatch(NETWORK);
  await trainer.step(images, labels, { rate: 0.1 });
  const good = await trainer.read();
  const { losses } = await trainer.step(images.map(() => NaN), labels, { rate: 0.1 });
  assert(losses.some((loss) => !Number.isFinite(loss)));
  const next = await trainer.step(images, labels, { rate: 0.1 });
  assert(next.losses.every(Number.isFinite));
  assertEquals(await trainer.read(), good);
});

Deno.test("steps that are not waited for take turns", async () => {
  const waited = await after(3);
  using trainer = await CpuTrainer.create(NETWORK, START, { ...trainerOptions(NETWORK), threads: 2 });
  for (let step = 0; step < 3; step++) {
    const { images, labels } = randomBatch(NETWORK, { seed: step + 1 });
    trainer.step(images, labels, { rate: 0.1 });
    images.fill(NaN);
  }
  assertEquals(await trainer.read(), waited);
});

Deno.test("a batch that is too large or not of the network's is refused", async () => {
  using trainer = await CpuTrainer.create(NETWORK, START, { ...trainerOptions(NETWORK), threads: 1 });
  const { images, labels } = randomBatch(NETWORK, { samples: 7 });
  assertThrows(() => trainer.step(images, labels, { rate: 0.1 }), RangeError, "7 samples where there is room for 6");
  assertThrows(() => trainer.step(images.subarray(1), labels.subarray(1), { rate: 0.1 }), RangeError, "6 images");
  const wrong = labels.subarray(1).map(() => 3);
  assertThrows(() => trainer.step(images.subarray(images.length / 7), wrong, { rate: 0.1 }), RangeError, "label 3");
});

Deno.test("a batch that does not fit is refused with the largest that does", async () => {
  const network = buildNetwork(await readSpec("ranet-cifar10"));
  const state = { tensors: randomTensors(network), momentum: new Map() };
  const create = (batch: number) =>
    CpuTrainer.create(network, state, { ...trainerOptions(network), batch, threads: 1 });
  const error = await assertRejects(() => create(5000), RanetError, "The largest batch that fits is ");
  const largest = Number(error.message.match(/fits is (\d+)/)![1]);
  assert(largest >= 128 && largest < 5000);
  await assertRejects(() => create(largest + 1), RanetError, `The largest batch that fits is ${largest}.`);
});
