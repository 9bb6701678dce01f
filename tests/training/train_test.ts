import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { initialWeights } from "../../lib/training/initial_weights.ts";
import { parseRecipe } from "../../lib/training/recipe.ts";
import type { EpochRecord } from "../../lib/training/records.ts";
import { train } from "../../lib/training/train.ts";
import { plain, tiny } from "./fake.ts";

const recipe = parseRecipe("{ epochs: 6, batch: 8, schedule: { kind: cosine, rate: 0.05 }, augment: false }");
const options = { device: "cpu", threads: 1 } as const;

Deno.test("train() learns, tells of it, and gives the same weights for the same seed", async () => {
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

Deno.test("train() goes on from given weights, and stops when told", async () => {
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

Deno.test("train() refuses labels that are not there, and what does not fit", async () => {
  const labels = () => Promise.reject(new RanetError("its label is not a class of the model"));
  await assertRejects(() => train(tiny, { ...plain(9), labels }, recipe, options), RanetError, "not a class");
  const init = initialWeights((await train(tiny, plain(30), recipe, options)).model.network, 9);
  const wider = { ...tiny, headChannels: 3 };
  await assertRejects(() => train(wider, plain(9), recipe, { ...options, init }), RanetError, "the tensors do not fit");
});
