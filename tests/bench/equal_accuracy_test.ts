import { assert, assertEquals, assertLess } from "@std/assert";
import { benchEqualAccuracy } from "../../bench/equal_accuracy.ts";
import { isFailure } from "../../bench/measure.ts";
import { benchSaving } from "../../bench/saving.ts";
import { argmax } from "../../lib/softmax.ts";
import { digestModel } from "../../lib/weights/digest.ts";
import { AdaptiveExecutor, type Calibration } from "../../mod.ts";
import { randomArray, tinyModel } from "../fixtures.ts";

const COUNT = 100;
/** A model whose exits disagree. */
const model = tinyModel(3);
const { exits, classes } = { exits: model.network.exits, classes: model.spec.classes.length };
const weights = await digestModel(model);
const images = randomArray(COUNT * 3 * 20 ** 2, 4);

/** The class predicted by each exit, image by image. */
async function predictions(): Promise<number[][]> {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu" });
  const logits = await executor.forward(images);
  return logits.map((values) =>
    Array.from({ length: COUNT }, (_, i) => argmax(values.subarray(i * classes, (i + 1) * classes)))
  );
}

/** A calibration with which all images leave at one exit. */
function leaveAt(exit: number): Calibration {
  const thresholds = exits.map((_, k) => k === exit ? 0 : k === exits.length - 1 ? -Infinity : 2);
  const cost = exits[exit].cumulativeFlops;
  const about = { model: model.name, weights, target: { budget: cost }, q: 1, samples: 1 };
  return { ...about, thresholds, expectedAccuracy: 1, expectedCost: cost };
}

/** Calibrations for float32 and int8. */
function bothAs(calibration: Calibration) {
  return { float32: calibration, int8: calibration };
}

/** The CPU runner as a peer. */
async function open(_: unknown, { exit }: { readonly exit?: number } = {}) {
  const executor = await AdaptiveExecutor.create(model, { device: "cpu" });
  return {
    version: "1",
    run: async (images: Float32Array) => (await executor.forward(images)).slice(exit && exit - 1, exit),
    [Symbol.asyncDispose]: () => Promise.resolve(executor[Symbol.dispose]()),
  };
}

Deno.test("benchEqualAccuracy() cuts peers at the first exit that is as accurate as ours, on the same images", async () => {
  const said = await predictions();
  for (const [exit, labels] of said.entries()) {
    const passes = await benchEqualAccuracy(
      model,
      {
        ours: [{ id: "ours", name: "", device: "CPU", options: { device: "cpu" }, precision: "float32", open }],
        peers: [{ id: "peer", name: "", device: "CPU", open }],
      },
      { name: "", images, labels },
      { calibrations: bothAs(leaveAt(exit)), seconds: 60 },
    );
    assertEquals(passes.map(({ id, mode }) => [id, mode]), [
      ["ours", "adaptive"],
      ["peer", "full"],
      ["peer", `up to exit ${exit + 1}`],
    ]);
    const [ours, whole, cut] = passes.map(({ outcome }) => {
      assert(!isFailure(outcome));
      assertEquals(outcome.images, COUNT);
      return outcome.accuracy;
    });
    assertEquals([ours, cut], [1, 1]);
    const last = said[exits.length - 1];
    assertEquals(whole, last.filter((label, i) => label === labels[i]).length / COUNT);
  }
});

Deno.test("benchEqualAccuracy() reports the number of images of a pass that exceeds its time limit", async () => {
  const [labels] = await predictions();
  const [{ outcome }] = await benchEqualAccuracy(
    model,
    {
      ours: [{ id: "ours", name: "", device: "CPU", options: { device: "cpu" }, precision: "float32", open }],
      peers: [],
    },
    { name: "", images, labels },
    { calibrations: bothAs(leaveAt(0)), seconds: 1e-9 },
  );
  assert(!isFailure(outcome));
  assertEquals([outcome.images, outcome.accuracy], [64, 1]);
  assertLess(Math.abs(outcome.seconds - outcome.msPerImage * COUNT / 1000), 1e-9);
});

Deno.test("benchSaving() reports the operations saved by each share of images that leave early", async () => {
  using executor = await AdaptiveExecutor.create(model, { device: "cpu" });
  const savings = await benchSaving(executor, images, { all: { threshold: 0 } }, { rounds: 1, seconds: 1, warmup: 0 });
  const [first, whole] = [exits[0].cumulativeFlops, exits[exits.length - 1].cumulativeFlops];
  const mean = (share: number) => share * first + (1 - share) * whole;
  assertEquals(savings.map(({ flops }) => flops), [mean(1), mean(0.75), mean(0.5), mean(0.25), first]);
  savings.forEach(({ flops, flopsSaved, timeSaved, realised }) => {
    assertEquals(flopsSaved, 1 - flops / whole);
    assertEquals(realised, timeSaved / flopsSaved);
  });
});
