import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { stepsPerEpoch } from "../../lib/training/batches.ts";
import type { RunOptions, RunOutcome, Snapshot } from "../../lib/training/loop.ts";
import { type Augmentation, parseRecipe, type Recipe } from "../../lib/training/recipe.ts";
import { type EpochRecord, startPosition, type StepRecord } from "../../lib/training/records.ts";
import { learningRateAt } from "../../lib/training/schedule.ts";
import { Session, type SessionOptions } from "../../lib/training/session.ts";
import { formatState, parseState } from "../../lib/training/state_file.ts";
import { boundEma, weightsOf } from "../../lib/training/loop.ts";
import { type Fake, fakeTrainers, plain, tiny } from "./fake.ts";
import { times } from "../long.ts";

const recipe = parseRecipe(`
epochs: 3
batch: 4
schedule: { kind: cosine, rate: 0.1 }
average: 0.5
augment: { crop: 1, flip: true }
`);

const newFake = (): Fake => ({ rates: [], labels: [], underWay: 0 });

/** Trains the fake on 18 images: 5 steps per epoch, the last one with 2 images. */
async function runFake(
  fake: Fake,
  options:
    & Partial<SessionOptions>
    & Partial<Pick<RunOptions, "signal" | "onStep" | "onEpoch" | "onSave" | "saveEvery">> = {},
): Promise<RunOutcome> {
  const { signal, onStep, onEpoch, onSave, saveEvery = Infinity, ...rest } = options;
  using session = await Session.open({
    ...{ spec: tiny, recipe, training: plain(18), device: "cpu", cache: 1e6, open: fakeTrainers(fake) },
    ...rest,
  });
  return await session.run({ signal, saveEvery, onStep, onEpoch, onSave });
}

/** Everything in a state, for comparison. */
const bytesOf = ({ state }: RunOutcome) => formatState({ state, position: startPosition(2) });

Deno.test("an epoch uses every image once, with a smaller last batch; a last batch of one image is left out", () => {
  assertEquals([stepsPerEpoch(18, 4), stepsPerEpoch(16, 4), stepsPerEpoch(17, 4), stepsPerEpoch(5, 1)], [5, 4, 4, 5]);
});

Deno.test("steps use the schedule's rates, and each epoch another order of all images", async () => {
  const fake = newFake();
  const [steps, epochs]: [StepRecord[], EpochRecord[]] = [[], []];
  const outcome = await runFake(fake, { onStep: (step) => steps.push(step), onEpoch: (epoch) => epochs.push(epoch) });
  assertEquals(outcome.finished, true);
  assertEquals(fake.rates, Array.from({ length: 15 }, (_, step) => learningRateAt(recipe.schedule, step, 15)));
  assertEquals(steps.map(({ step }) => step), Array.from({ length: 15 }, (_, i) => i + 1));
  assertEquals(steps.map(({ epoch }) => epoch), [1, 2, 3].flatMap((epoch) => Array.from({ length: 5 }, () => epoch)));
  const orders = [0, 5, 10].map((from) => fake.labels.slice(from, from + 5).flat());
  for (const order of orders) assertEquals(order.toSorted(), Array.from({ length: 18 }, (_, i) => Math.floor(i / 6)));
  assert(new Set(orders.map(String)).size === 3);
  assert(fake.underWay > 1 && fake.underWay <= 4, `${fake.underWay} steps under way`);
  assertEquals(epochs.map(({ epoch, step }) => [epoch, step]), [[1, 5], [2, 10], [3, 15]]);
  const first = steps.slice(0, 5);
  assertEquals(epochs[0].training.losses[1], first.reduce((sum, s) => sum + s.images * s.losses[1], 0) / 18);
  assertEquals(epochs[0].training.top1, [6 / 18, 6 / 18]);
  assertEquals(epochs[0].learningRate, fake.rates[4]);
  assertEquals(epochs[0].validation, undefined);
});

Deno.test("without shuffle, images are used in their order", async () => {
  const fake = newFake();
  await runFake(fake, { recipe: { ...recipe, shuffle: false, length: { steps: 2 } } });
  assertEquals(fake.labels, [[0, 1, 2, 0], [1, 2, 0, 1]]);
});

Deno.test("a number of steps may end within an epoch", async () => {
  const fake = newFake();
  const epochs: EpochRecord[] = [];
  const { finished } = await runFake(fake, {
    recipe: { ...recipe, length: { steps: 7 } },
    onEpoch: (epoch) => epochs.push(epoch),
  });
  assertEquals([finished, fake.rates.length, epochs.map(({ step }) => step)], [true, 7, [5, 7]]);
});

Deno.test("the loss is the weighted sum of the losses of the exits", async () => {
  const steps: StepRecord[] = [];
  const weighted: Recipe = { ...recipe, loss: { exits: [2, 0.5], labelSmoothing: 0 } };
  await runFake(newFake(), { recipe: weighted, onStep: (step) => steps.push(step) });
  for (const { loss, losses } of steps) assertEquals(loss, 2 * losses[0] + 0.5 * losses[1]);
});

Deno.test("a run that is stopped anywhere and resumed produces bit-identical weights", async () => {
  const whole = await runFake(newFake(), { validation: plain(6, [], "held") });
  for (let stopAt = 1; stopAt <= 15; stopAt += times(7, 1)) {
    const controller = new AbortController();
    let saved: Snapshot | undefined;
    const options = {
      validation: plain(6, [], "held"),
      onSave: (snapshot: Snapshot) => {
        saved = snapshot;
        return Promise.resolve();
      },
    };
    const stopped = await runFake(newFake(), {
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === stopAt && controller.abort(),
    });
    const file = formatState(saved!);
    assertEquals(stopped.position.step >= stopAt && stopped.position.step <= stopAt + 3, true);
    const snapshot = parseState(file, buildNetwork(tiny), "state.safetensors");
    assertEquals(snapshot.position, saved!.position);
    const fake = newFake();
    const resumed = await runFake(fake, { ...options, snapshot });
    assertEquals(fake.rates.length, 15 - snapshot.position.step);
    assertEquals(resumed.finished, true);
    assertEquals(bytesOf(resumed), bytesOf(whole), `stopped at ${stopAt}`);
    const told = ({ position }: RunOutcome) =>
      position.epochs.map(({ seconds: _, imagesPerSecond: __, ...rest }) => rest);
    assertEquals(told(resumed), told(whole));
  }
});

/** All techniques that draw random numbers. */
const varied = parseRecipe(`
epochs: 2
batch: 4
optimizer: { kind: adamw }
schedule: { kind: cosine, rate: 0.01 }
average: 0.5
augment: { crop: 1, flip: true, trivial: true, erase: 0.5, mix: { kind: cutmix, share: 0.75 } }
`);

for (const kind of ["cutmix", "mixup"] as const) {
  Deno.test(`${kind}, erasing, TrivialAugment and AdamW on the CPU: a resumed run produces bit-identical weights`, async () => {
    const augment = { ...varied.augment as Augmentation, mix: { kind, share: 0.75, alpha: 1 } };
    const given: SessionOptions = {
      ...{ spec: tiny, recipe: { ...varied, augment }, training: plain(18), threads: 1, cache: 1e6 },
      device: "cpu",
    };
    const runReal = async (options: Partial<SessionOptions> & { readonly stopAt?: number }): Promise<RunOutcome> => {
      const stop = new AbortController();
      using session = await Session.open({ ...given, ...options });
      const onStep = ({ step }: StepRecord) => step === options.stopAt && stop.abort();
      return await session.run({ signal: stop.signal, saveEvery: Infinity, onStep });
    };
    const whole = await runReal({});
    for (const stopAt of [1, 4, 6]) {
      const stopped = await runReal({ stopAt });
      assertEquals(stopped.finished, false);
      const snapshot = parseState(formatState(stopped), buildNetwork(tiny), "state.safetensors");
      assertEquals(bytesOf(await runReal({ snapshot })), bytesOf(whole), `stopped at ${stopAt}`);
    }
  });
}

Deno.test("each training technique changes the weights", async () => {
  const plainly = parseRecipe("{ epochs: 1, batch: 4, augment: { crop: 1 } }");
  const augment = plainly.augment as Augmentation;
  const all = [
    plainly,
    { ...plainly, augment: { ...augment, trivial: true } },
    { ...plainly, augment: { ...augment, erase: 1 } },
    { ...plainly, augment: { ...augment, mix: { kind: "cutmix", share: 1, alpha: 1 } } },
    { ...plainly, augment: { ...augment, mix: { kind: "mixup", share: 1, alpha: 1 } } },
  ] as const;
  const found = await Promise.all(all.map(async (one) => String(bytesOf(await runFake(newFake(), { recipe: one })))));
  assertEquals(new Set(found).size, all.length);
});

Deno.test("the state is saved at the end of every epoch, and in long epochs also in between", async () => {
  const steps: number[] = [];
  const onSave = ({ position }: Snapshot) => Promise.resolve(void steps.push(position.step));
  await runFake(newFake(), { onSave });
  assertEquals(steps, [5, 10, 15]);
  steps.length = 0;
  await runFake(newFake(), { onSave, saveEvery: 0 });
  assert(steps.length >= 15, `${steps}`);
});

Deno.test("a loss of NaN stops the run after the last valid state was saved", async () => {
  let saved: Snapshot | undefined;
  const onSave = (snapshot: Snapshot) => Promise.resolve(void (saved = snapshot));
  const error = await assertRejects(() => runFake({ ...newFake(), failAt: 7 }, { onSave }), RanetError);
  assertEquals(
    error.message,
    "Cannot continue: the loss of exit 2 is NaN at step 7. The learning rate is most likely too high: try a tenth of it, " +
      "or a longer warmup.",
  );
  assertEquals(saved!.position.step, 6);
  assertEquals(saved!.position.epochs.length, 1);
});

Deno.test("the same seed gives the same weights, independent of the image cache; another seed gives others", async () => {
  const [a, b] = await Promise.all([0, 1e6].map((cache) => runFake(newFake(), { cache })));
  assertEquals(bytesOf(a), bytesOf(b));
  const other = await runFake(newFake(), { recipe: { ...recipe, seed: 1 } });
  assert(String(bytesOf(other)) !== String(bytesOf(a)));
});

Deno.test("with an average, the weights of a run are an exponential moving average over its steps", async () => {
  const seen: Float32Array[] = [];
  const name = "classifier.0.linear.weight";
  const onSave = ({ state }: Snapshot) => Promise.resolve(void seen.push(state.tensors.get(name)!.data));
  const decay = 0.5;
  const averaged = await runFake(newFake(), {
    onSave,
    saveEvery: 0,
    recipe: { ...recipe, emaDecay: decay, length: { steps: 5 } },
  });
  const steps = seen.slice(0, 5);
  const total = steps.reduce((sum, _, i) => sum + decay ** (4 - i), 0);
  weightsOf(averaged, { emaDecay: decay, train: "all" }).get(name)!.data.forEach((value, at) =>
    assertAlmostEquals(value, steps.reduce((sum, data, i) => sum + decay ** (4 - i) * data[at], 0) / total, 1e-6)
  );
  const last = await runFake(newFake(), { recipe: { ...recipe, emaDecay: 0 } });
  assertEquals(weightsOf(last, { emaDecay: 0, train: "all" }), last.state.tensors);
  // Frozen weights do not change.
  const frozen = { ...averaged, state: { ...averaged.state, momentum: new Map() } };
  assertEquals(weightsOf(frozen, { emaDecay: decay, train: "classifiers" }), averaged.state.tensors);
});

Deno.test("validation measures every exit with the weights that are saved", async () => {
  const epochs: EpochRecord[] = [];
  const { validation } = await runFake(newFake(), {
    validation: plain(70, [], "held"),
    onEpoch: (epoch) => epochs.push(epoch),
  });
  assertEquals(validation!.confidences.map(({ length }) => length), [70, 70]);
  assertEquals(epochs[2].validation, { losses: validation!.losses, top1: validation!.top1 });
  const rights = validation!.answers.map((own) =>
    own.filter((answer, i) => answer === validation!.labels[i]).length / 70
  );
  assertEquals(rights, validation!.top1);
  const counts = validation!.confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  assertEquals(counts, [24, 23, 23]);
  const diagonal = validation!.confusion.reduce((sum, row, i) => sum + row[i], 0) / 70;
  assertEquals(diagonal, validation!.top1[1]);
});

Deno.test("the first bad image stops a run, or all are left out with skipBad", async () => {
  const training = plain(18, [3, 8]);
  await assertRejects(() => runFake(newFake(), { training }), RanetError, "Cannot read image 3");
  for (const cache of [1e6, 0]) {
    const fake = newFake();
    const bad: string[] = [];
    const { finished } = await runFake(fake, { training, cache, onBad: (message) => bad.push(message) });
    assertEquals(finished, true);
    assertEquals(new Set(bad), new Set(["Cannot read image 3", "Cannot read image 8"]));
    // A bad image that is only detected when its batch is made leaves a gap in the batch.
    const most = 3 * 16;
    assert(cache > 0 ? fake.labels.flat().length === most : fake.labels.flat().length <= most);
  }
});

for (
  const [what, options, message] of [
    [
      "fewer images than a batch",
      { training: plain(3) },
      "Cannot train: the batch size is 4, but there are only 3 images; use a smaller batch, or a recipe for few images, " +
      "which starts from trained weights",
    ],
    ["no images", { training: plain(0) }, "Cannot train: there are no images to train on"],
    [
      "one class",
      { training: { ...plain(5), labels: () => Promise.resolve([1, 1, 1, 1, 1]) } },
      "Cannot train: all 5 images are of one class, green; expected images of at least two",
    ],
    [
      "images of one class, to be mixed",
      { training: { ...plain(5), labels: () => Promise.resolve([1, 1, 1, 1, 1]) }, recipe: varied },
      "Cannot train: all 5 images are of one class, green; expected images of at least two",
    ],
    [
      "overlap",
      { validation: plain(4) },
      "Cannot validate on images that are trained on: 4 of the 4 validation images are also in the training data, such " +
      'as "/plain#0". Without validation images, some are set aside.',
    ],
    [
      "no images to validate on",
      { validation: plain(0, [], "held") },
      "Cannot validate: there are no images to validate on",
    ],
    [
      "weights of exits",
      { recipe: { ...recipe, loss: { exits: [1, 1, 1], labelSmoothing: 0 } } },
      "Cannot use recipe unnamed: loss.exits: expected one weight, or 2, one per exit, found 3",
    ],
    [
      "distillation with one exit",
      {
        spec: changeSpec(tiny, { exits: [2] }),
        recipe: parseRecipe("{ batch: 4, loss: { distillation: {} } }"),
      },
      "Cannot use recipe unnamed: loss.distillation: expected a network of more than one exit, found one; leave the key out",
    ],
  ] as const
) {
  Deno.test(`a run is refused before it starts: ${what}`, async () => {
    const fake = newFake();
    const error = await assertRejects(() => runFake(fake, options), RanetError);
    assertEquals([error.message, fake.rates], [message, []]);
  });
}

Deno.test("a class without images gives a note", async () => {
  const training = { ...plain(5), labels: () => Promise.resolve([1, 1, 2, 1, 1]) };
  using session = await Session.open({
    ...{ spec: tiny, recipe, training, device: "cpu", cache: 0, open: fakeTrainers(newFake()) },
  });
  assertEquals(session.warnings, ["There are no training images of 1 of 3 classes: red"]);
  assertEquals(session.counts, [0, 4, 1]);
});

Deno.test("the moving average covers at most a tenth of the run", () => {
  const averageOf = (emaDecay: number, steps: number) =>
    boundEma({ ...recipe, emaDecay, length: { steps } }, 18).emaDecay;
  assertEquals([averageOf(0.999, 100_000), averageOf(0.9, 1000)], [0.999, 0.9]);
  assertAlmostEquals(averageOf(0.999, 1000), 0.99, 1e-12);
  assertEquals([averageOf(0.999, 10), averageOf(0.999, 3), averageOf(0, 1000)], [0, 0, 0]);
});
