/**
 * Tests that apply to every trainer.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { CpuTrainer } from "../../lib/device/cpu/trainer.ts";
import type { Trainer, TrainerOptions, TrainingState } from "../../lib/device/trainer.ts";
import { WebGpuTrainer } from "../../lib/device/webgpu/trainer.ts";
import { RanetError } from "../../lib/errors.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import type { Network } from "../../lib/network/network.ts";
import { randomTensors } from "../fixtures.ts";
import { gpuTest } from "../gpu.ts";
import { times } from "../long.ts";
import { NETWORKS } from "../training_networks.ts";
import { assertFirstStep, randomBatch, trainerOptions } from "./training.ts";

const NETWORK = NETWORKS.get("coarsest scale twice")!;
const START: TrainingState = { tensors: randomTensors(NETWORK), momentum: new Map() };

/** Opens a trainer on a device. */
type Open = (network: Network, state: TrainingState, options: TrainerOptions) => Promise<Trainer>;

const onCpu = (threads: number): Open => (network, state, options) =>
  CpuTrainer.create(network, state, { ...options, threads });

/** Registers a test for every device. */
function deviceTest(name: string, test: (open: Open) => Promise<void>): void {
  Deno.test(`${name} (CPU)`, () => test(onCpu(2)));
  gpuTest(
    name,
    (adapter) => test((network, state, options) => WebGpuTrainer.create(network, state, { ...options, adapter })),
  );
}

/** The state after steps on different batches. */
async function after(
  open: Open,
  steps: number,
  { changes, state = START, first = 0 }: {
    changes?: Partial<TrainerOptions>;
    state?: TrainingState;
    first?: number;
  } = {},
): Promise<TrainingState> {
  using trainer = await open(NETWORK, state, trainerOptions(NETWORK, changes));
  for (let step = first; step < first + steps; step++) {
    const { images, labels } = randomBatch(NETWORK, { seed: step + 1 });
    await trainer.step(images, labels, { learningRate: 0.1, step });
  }
  return await trainer.read();
}

const ADAMW = { kind: "adamw", betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.1, decay: "weights" } as const;

for (const [title, network] of NETWORKS) {
  deviceTest(`${title}: losses, gradients and statistics match their definitions`, async (open) => {
    const options = trainerOptions(network);
    await assertFirstStep(network, options, (state) => open(network, state, options));
  });
}

deviceTest("running statistics alone can change", async (open) => {
  const options = trainerOptions(NETWORK, { train: "statistics" });
  await assertFirstStep(NETWORK, options, (state) => open(NETWORK, state, options));
});

deviceTest("mixed images have targets with two labels", async (open) => {
  const options = trainerOptions(NETWORK);
  const second = { labels: Uint32Array.of(0, 0, 1, 2, 2), shares: Float32Array.of(0.5, 0.25, 1, 0, 0.7) };
  await assertFirstStep(NETWORK, options, (state) => open(NETWORK, state, options), { second });
});

deviceTest("equilibrium gradients are divided by the number of exits that share a layer", async (open) => {
  const options = trainerOptions(NETWORK, { gradients: "equilibrium" });
  await assertFirstStep(NETWORK, options, (state) => open(NETWORK, state, options));
});

deviceTest("distillation trains earlier exits, without gradients into the last one", async (open) => {
  const exits = NETWORK.exits.map((_, k) => 1 + k / 2);
  for (const [weight, temperature] of [[0.3, 4], [1, 1], [0, 2]].slice(0, times(1, 3))) {
    const distillation = { teacher: "last-exit", weight, temperature } as const;
    for (const network of [NETWORK, NETWORKS.get("boosted exits")!]) {
      const loss = { exits: exits.slice(0, network.exits.length), labelSmoothing: 0.1, distillation };
      const options = trainerOptions(network, { loss });
      await assertFirstStep(network, options, (state) => open(network, state, options));
    }
  }
});

deviceTest("with train: classifiers, other weights do not change", async (open) => {
  const options = trainerOptions(NETWORK, { train: "classifiers" });
  await assertFirstStep(NETWORK, options, (state) => open(NETWORK, state, options));
  const { tensors } = await after(open, 2, { changes: { train: "classifiers" } });
  for (const [name, { data }] of tensors) {
    const isLinear = name.includes(".linear.");
    assertEquals(START.tensors.get(name)!.data.every((value, i) => value === data[i]), !isLinear, name);
  }
});

Deno.test("training steps are bit-identical for every number of threads (CPU)", async () => {
  const [one, three] = [await after(onCpu(1), 3), await after(onCpu(3), 3)];
  assertEquals(one, three);
  assertNotEquals(one.tensors, START.tensors);
});

deviceTest("two training runs give the same weights", async (open) => {
  assertEquals(await after(open, 3), await after(open, 3));
});

deviceTest("a training run that resumes from its state gives the same weights", async (open) => {
  const distillation = { teacher: "last-exit", weight: 0.5, temperature: 3 } as const;
  const changes = { emaDecay: 0.9, loss: { ...trainerOptions(NETWORK).loss, distillation } };
  const half = await after(open, 2, { changes });
  assertEquals(await after(open, 2, { changes, state: half, first: 2 }), await after(open, 4, { changes }));
});

deviceTest("AdamW resumes from its state with bit-identical weights", async (open) => {
  const changes = { emaDecay: 0.9, optimizer: ADAMW };
  const half = await after(open, 2, { changes });
  assertEquals(await after(open, 2, { changes, state: half, first: 2 }), await after(open, 4, { changes }));
});

deviceTest("AdamW agrees with PyTorch", async (open) => {
  const { betas: [first, second], epsilon, weightDecay } = ADAMW;
  const gradientsOf = async (state: TrainingState, step: number) => {
    const optimizer = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0, decay: "all" } as const;
    using trainer = await open(NETWORK, { ...state, momentum: new Map() }, trainerOptions(NETWORK, { optimizer }));
    const { images, labels } = randomBatch(NETWORK, { seed: step + 1 });
    await trainer.step(images, labels, { learningRate: 0 });
    return (await trainer.read()).momentum;
  };
  let state = START;
  for (let step = 0; step < 3; step++) {
    const gradients = await gradientsOf(state, step);
    const next = await after(open, 1, { changes: { optimizer: ADAMW }, state, first: step });
    for (const [name, { shape, data }] of gradients) {
      const [before, mean, square] = [state.tensors, state.momentum, state.squares].map((part) =>
        part?.get(name)?.data
      );
      data.forEach((gradient, i) => {
        const m = first * (mean?.[i] ?? 0) + (1 - first) * gradient;
        const s = second * (square?.[i] ?? 0) + (1 - second) * gradient ** 2;
        const kept = before![i] * (shape.length > 1 ? 1 - 0.1 * weightDecay : 1);
        const [meanHat, squareHat] = [m / (1 - first ** (step + 1)), s / (1 - second ** (step + 1))];
        const wanted = kept - 0.1 * meanHat / (Math.sqrt(squareHat) + epsilon);
        assertLess(Math.abs(next.momentum.get(name)!.data[i] - m), 1e-5, name);
        assertLess(Math.abs(next.squares!.get(name)!.data[i] - s), 1e-5, name);
        assertLess(Math.abs(next.tensors.get(name)!.data[i] - wanted), 1e-4, name);
      });
    }
    state = next;
  }
});

deviceTest("SGD agrees with PyTorch", async (open) => {
  const optimizer = { kind: "sgd", momentum: 0.8, nesterov: true, weightDecay: 0.01, decay: "weights" } as const;
  const first = (await after(open, 1, { changes: { optimizer: { ...optimizer, weightDecay: 0 } } })).momentum;
  const { tensors, momentum } = await after(open, 1, { changes: { optimizer, emaDecay: 0.75 } });
  for (const [name, { shape, data }] of momentum) {
    const before = START.tensors.get(name)!.data;
    data.forEach((velocity, i) => {
      const gradient = first.get(name)!.data[i] + (shape.length > 1 ? 0.01 * before[i] : 0);
      assertLess(Math.abs(velocity - gradient), 1e-5, name);
      assertLess(Math.abs(tensors.get(name)!.data[i] - (before[i] - 0.1 * (gradient + 0.8 * velocity))), 1e-5, name);
    });
  }
  const { ema } = await after(open, 1, { changes: { optimizer, emaDecay: 0.75 } });
  for (const [name, { data }] of ema!) {
    const before = START.tensors.get(name)!.data;
    data.forEach((value, i) => {
      assertLess(Math.abs(value - (0.75 * before[i] + 0.25 * tensors.get(name)!.data[i])), 1e-5, name);
    });
  }
});

deviceTest("a loss that is not finite changes no weights, in this step or later", async (open) => {
  using trainer = await open(NETWORK, START, trainerOptions(NETWORK));
  const { images, labels } = randomBatch(NETWORK);
  await trainer.step(images, labels, { learningRate: 0.1 });
  const good = await trainer.read();
  const { losses } = await trainer.step(images.map(() => NaN), labels, { learningRate: 0.1 });
  assert(losses.some((loss) => !Number.isFinite(loss)));
  await trainer.step(images, labels, { learningRate: 0.1 });
  assertEquals(await trainer.read(), good);
});

deviceTest("training steps that are not awaited run one after another", async (open) => {
  const waited = await after(open, 3);
  using trainer = await open(NETWORK, START, trainerOptions(NETWORK));
  for (let step = 0; step < 3; step++) {
    const { images, labels } = randomBatch(NETWORK, { seed: step + 1 });
    trainer.step(images, labels, { learningRate: 0.1 });
    images.fill(NaN);
  }
  assertEquals(await trainer.read(), waited);
});

deviceTest("a training batch that is too large or does not fit the network is refused", async (open) => {
  using trainer = await open(NETWORK, START, trainerOptions(NETWORK));
  const { images, labels } = randomBatch(NETWORK, { samples: 7 });
  assertThrows(
    () => trainer.step(images, labels, { learningRate: 0.1 }),
    RangeError,
    "7 samples, more than the batch size 6",
  );
  assertThrows(
    () => trainer.step(images.subarray(1), labels.subarray(1), { learningRate: 0.1 }),
    RangeError,
    "6 images",
  );
  const wrong = labels.subarray(1).map(() => 3);
  const six = images.subarray(images.length / 7);
  assertThrows(() => trainer.step(six, wrong, { learningRate: 0.1 }), RangeError, "label 3");
  const right = labels.subarray(1);
  for (
    const [second, message] of [
      [{ labels: wrong, shares: new Float32Array(6) }, "label 3"],
      [{ labels: right, shares: new Float32Array(5) }, "5 shares for 6 images"],
      [{ labels: right, shares: new Float32Array(6).fill(NaN) }, "is NaN, expected 0 to 1"],
      [{ labels: right, shares: new Float32Array(6).fill(1.5) }, "is 1.5, expected 0 to 1"],
    ] as const
  ) {
    assertThrows(() => trainer.step(six, right, { learningRate: 0.1, second }), RangeError, message);
  }
});

Deno.test("a training batch that does not fit is refused with the largest one that does (CPU)", async () => {
  const network = buildNetwork(await readSpec("ranet-cifar10-micro"));
  const state = { tensors: randomTensors(network), momentum: new Map() };
  const create = (batchSize: number) => onCpu(1)(network, state, { ...trainerOptions(network), batchSize });
  const error = await assertRejects(() => create(100_000), RanetError, "The largest batch that fits is ");
  const largest = Number(error.message.match(/fits is (\d+)/)![1]);
  assert(largest >= 128 && largest < 100_000);
  await assertRejects(() => create(largest + 1), RanetError, `The largest batch that fits is ${largest}.`);
});
