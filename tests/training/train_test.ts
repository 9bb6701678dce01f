import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { changeSpec } from "../../lib/spec/change.ts";
import { RanetError } from "../../lib/errors.ts";
import { initialWeights } from "../../lib/training/initial_weights.ts";
import type { ArchitectureSpec } from "../../lib/network/architecture.ts";
import { parseRecipe, type Recipe } from "../../lib/training/recipe.ts";
import type { EpochRecord } from "../../lib/training/records.ts";
import { follow, train } from "../../lib/training/train.ts";
import { digestTensors } from "../../lib/weights/digest.ts";
import { normaliser } from "../../lib/data/preprocess.ts";
import { buildTrainingPlan } from "../../lib/planner/training_build.ts";
import { PlainTraining } from "../device/plain_training.ts";
import { relativeError } from "../fixtures.ts";
import { type Fake, fakeTrainers, plain, tiny } from "./fake.ts";

const recipe = parseRecipe("{ epochs: 6, batch: 8, schedule: { kind: cosine, rate: 0.05 }, augment: false }");
const options = { device: "cpu", threads: 1 } as const;

Deno.test("train() reduces the loss, reports epochs, and gives the same weights for the same seed", async () => {
  const epochs: EpochRecord[] = [];
  const steps: number[] = [];
  const trained = await train(tiny, plain(30), recipe, {
    ...options,
    validation: plain(12, [], "held"),
    onEpoch: (epoch) => epochs.push(epoch),
    onStep: ({ step }) => steps.push(step),
  });
  assertEquals([trained.finished, trained.epochs], [true, epochs]);
  assertEquals(steps, Array.from({ length: 24 }, (_, i) => i + 1));
  const sum = ({ training: { losses } }: EpochRecord) => losses[0] + losses[1];
  assert(sum(epochs[5]) < sum(epochs[0]));
  assertEquals(epochs[5].validation?.top1.length, 2);
  const again = await train(tiny, plain(30), recipe, options);
  assertEquals(again.model.tensors, trained.model.tensors);
  const other = await train(tiny, plain(30), { ...recipe, seed: 1 }, options);
  assertNotEquals(other.model.tensors, trained.model.tensors);
});

Deno.test("train() starts from given weights, and stops when its signal is aborted", async () => {
  const stop = new AbortController();
  const init = initialWeights((await train(tiny, plain(30), recipe, options)).model.network, 9);
  const { finished, epochs, model } = await train(tiny, plain(30), { ...recipe, train: "classifiers" }, {
    ...options,
    init,
    signal: stop.signal,
    onStep: ({ step }) => step === 5 && stop.abort(),
  });
  assertEquals(finished, false);
  assert(epochs.length >= 1 && epochs.length < 6);
  const changed = [...model.tensors].filter(([name, { data }]) => String(data) !== String(init.get(name)!.data));
  assertEquals(
    changed.map(([name]) => name).toSorted(),
    [0, 1].flatMap((k) => [`classifier.${k}.linear.bias`, `classifier.${k}.linear.weight`]),
  );
});

Deno.test("train() refuses invalid labels and options that do not fit", async () => {
  const labels = () => Promise.reject(new RanetError("its label is not a class of the model"));
  await assertRejects(() => train(tiny, { ...plain(9), labels }, recipe, options), RanetError, "not a class");
  const init = initialWeights((await train(tiny, plain(30), recipe, options)).model.network, 9);
  const wider = changeSpec(tiny, { head: { channels: 3, pool: "all" } });
  await assertRejects(() => train(wider, plain(9), recipe, { ...options, init }), RanetError, "the tensors do not fit");
});

const distilled = { ...recipe, loss: parseRecipe("loss: { distillation: {} }").loss };
const averaged: Recipe = { ...recipe, emaDecay: 0.9 };
const boosted = changeSpec(tiny, { reweight: 0.5 });
const WAYS: readonly (readonly [title: string, spec: ArchitectureSpec, recipe: Recipe])[] = [
  ["plain", tiny, recipe],
  ["distillation", tiny, distilled],
  ["boosted exits", boosted, recipe],
  ["distillation between boosted exits", boosted, distilled],
  ["averages", tiny, averaged],
  ["averages with recomputed statistics", tiny, { ...averaged, statistics: "recomputed" }],
];

Deno.test("train() resumes to bit-identical weights with every recipe", async () => {
  const found = new Set<string>();
  for (const [title, spec, way] of WAYS) {
    const whole = await train(spec, plain(30), way, options);
    found.add(await digestTensors(whole.model.tensors));
    const stop = new AbortController();
    const onStep = ({ step }: { step: number }) => step === 9 && stop.abort();
    const part = await train(spec, plain(30), way, { ...options, signal: stop.signal, onStep });
    assertEquals(part.finished, false);
    const rest = await train(spec, plain(30), way, { ...options, resume: part.moment });
    assertEquals([rest.finished, rest.epochs.length], [true, 6]);
    assertEquals(rest.model.tensors, whole.model.tensors, title);
  }
  assertEquals(found.size, WAYS.length, "each way leads to weights of its own");
});

Deno.test("train() recomputes the statistics of averaged weights from the last epoch's images, also for a finished run", async () => {
  const epochs: EpochRecord[] = [];
  const validation = plain(12, [], "held");
  const way: Recipe = { ...averaged, statistics: "recomputed", shuffle: false };
  const { model, moment } = await train(tiny, plain(30), way, {
    ...options,
    validation,
    onEpoch: (epoch) => epochs.push(epoch),
  });
  const plainly = await train(tiny, plain(30), averaged, { ...options, validation });
  const isStatistic = (name: string) => /\.running_(mean|var)$/.test(name);
  for (const [name, { data }] of model.tensors) {
    if (!isStatistic(name)) continue;
    assertNotEquals(data, plainly.model.tensors.get(name)!.data, name);
  }
  assertEquals((await train(tiny, plain(30), way, { ...options, resume: moment })).model.tensors, model.tensors);
  assertEquals(epochs.length, 6);
});

for (const [size, used] of [[30, 30], [130, 128]] as const) {
  Deno.test(`recomputed statistics of ${size} images are those of ${used}`, async () => {
    const way: Recipe = { ...averaged, statistics: "recomputed", shuffle: false };
    const { model } = await train(tiny, plain(size), way, options);
    const isStatistic = (name: string) => /\.running_(mean|var)$/.test(name);
    const normalise = normaliser(tiny.input);
    const images = new Float32Array(used * 75);
    for (let i = 0; i < used; i++) normalise(new Uint8Array(75).fill(i), images.subarray(i * 75, (i + 1) * 75));
    const oracle = new PlainTraining(buildTrainingPlan(model.network, { train: "statistics" }), {
      parameters: new Map(
        Array.from(
          model.tensors,
          ([name, { shape, data }]) =>
            [name, { shape, data: isStatistic(name) ? new Float32Array(data.length) : data }] as const,
        ),
      ),
      images,
      labels: Uint32Array.from({ length: used }, (_, i) => i % 3),
      loss: { exits: [1, 1], labelSmoothing: 0 },
    });
    oracle.run();
    for (const [name, { data }] of model.tensors) {
      if (!isStatistic(name)) continue;
      const expected = Float64Array.from(oracle.parameters.get(name)!, (value) => value / 0.1);
      assertLess(relativeError(data, expected), 1e-4, name);
    }
  });
}

const session = {
  spec: tiny,
  recipe,
  training: plain(30),
  device: "auto",
  cache: 1e9,
} as const;

/** Opens trainers that report a GPU, unless the CPU is requested. The GPU is lost at a given step. */
function losing(fake: Fake, lostAt: number, opened: string[]): ReturnType<typeof fakeTrainers> {
  return async (network, state, options) => {
    const trainer = await fakeTrainers(fake)(network, state, options);
    const kind = options.device === "cpu" ? "cpu" : "gpu";
    opened.push(kind);
    let steps = 0;
    const fail = () => {
      if (kind === "gpu" && steps >= lostAt) throw new RanetError("the device was lost");
    };
    return {
      ...trainer,
      device: { kind, name: kind },
      async step(images, labels, rate) {
        steps++;
        const losses = trainer.step(images, labels, rate);
        fail();
        return await losses;
      },
      async read() {
        fail();
        return await trainer.read();
      },
    };
  };
}

Deno.test("if the GPU is lost, train() with device auto continues on the CPU; with gpu, it throws", async () => {
  const whole = await follow({ ...session, open: fakeTrainers({ rates: [], labels: [], underWay: 0 }) }, {});
  const opened: string[] = [];
  const devices: string[] = [];
  const said: string[] = [];
  const epochs: number[] = [];
  const fake = { rates: [], labels: [], underWay: 0 };
  const found = await follow({ ...session, open: losing(fake, 11, opened) }, {
    onDevice: ({ name }) => devices.push(name),
    onEpoch: ({ epoch }) => epochs.push(epoch),
    onFallback: (message) => said.push(message),
  });
  assertEquals([opened, devices], [["gpu", "cpu"], ["gpu", "cpu"]]);
  assertEquals(said, ["Training continues on the CPU: the device was lost"]);
  assertEquals(epochs, [1, 2, 3, 4, 5, 6]);
  assertEquals(found.state.tensors, whole.state.tensors);
  await assertRejects(
    () => follow({ ...session, device: "gpu", open: losing(fake, 11, []) }, {}),
    RanetError,
    "the device was lost",
  );
});

Deno.test("train() throws errors that are not failures of the GPU", async () => {
  const open = losing({ rates: [], labels: [], underWay: 0 }, Infinity, []);
  const onEpoch = () => {
    throw new Error("the caller's own");
  };
  await assertRejects(() => follow({ ...session, open }, { onEpoch }), Error, "the caller's own");
});

Deno.test("train() can be stopped even if no step waits", async () => {
  const open: ReturnType<typeof fakeTrainers> = async (...args) => {
    const trainer = await fakeTrainers({ rates: [], labels: [], underWay: 0 })(...args);
    return {
      ...trainer,
      step(_, labels) {
        const until = performance.now() + 2;
        while (performance.now() < until);
        return Promise.resolve({ losses: Float64Array.of(1, 1), correct: Uint32Array.of(0, labels.length) });
      },
    };
  };
  const stop = new AbortController();
  setTimeout(() => stop.abort());
  const long = { ...recipe, length: { epochs: 1 }, batch: 2 } as const;
  const { finished } = await follow({ ...session, training: plain(3000), recipe: long, signal: stop.signal, open }, {});
  assertEquals(finished, false);
});

Deno.test("train() validates every few epochs, and after the last", async () => {
  const validation = plain(12, [], "held");
  const { epochs } = await train(tiny, plain(30), { ...recipe, length: { epochs: 5 } }, {
    ...options,
    validation,
    validateEvery: 2,
  });
  assertEquals(epochs.map((epoch) => epoch.validation !== undefined), [false, true, false, true, true]);
});
