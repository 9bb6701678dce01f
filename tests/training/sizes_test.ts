import { assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { batchResizer, checkSizes, networkAt, remainingWork, scaleAt, scaledSize } from "../../lib/training/sizes.ts";
import { formatState, parseState } from "../../lib/training/state_file.ts";
import { type Snapshot, weightsOf } from "../../lib/training/loop.ts";
import { parseRecipe } from "../../lib/training/recipe.ts";
import { startPosition } from "../../lib/training/records.ts";
import { Session, type SessionOptions } from "../../lib/training/session.ts";
import { train } from "../../lib/training/train.ts";
import { fakeTrainers, plain, tiny } from "./fake.ts";

const stages = [{ until: 0.3, scale: 0.6 }, { until: 0.5, scale: 0.8 }];

Deno.test("stages end after their share of the epochs, the rest has full size", () => {
  assertEquals(Array.from({ length: 10 }, (_, epoch) => scaleAt(stages, epoch, 10)), [
    ...[0.6, 0.6, 0.6, 0.8, 0.8],
    ...[1, 1, 1, 1, 1],
  ]);
  assertEquals(scaleAt([], 0, 1), 1);
  assertEquals(scaledSize({ height: 48, width: 32 }, 0.75), { height: 36, width: 24 });
});

Deno.test("a network has the same parameters at every size that is accepted; others are refused before anything starts", async () => {
  const spec = await readSpec("ranet-cifar10");
  assertEquals(networkAt(spec, { height: 24, width: 24 }).exits[5].cumulativeFlops < 58_921_020, true);
  const recipe = (scale: number) => parseRecipe(`{ name: small, sizes: [{ until: 0.5, scale: ${scale} }] }`);
  checkSizes(recipe(0.625), spec);
  const { message } = assertThrows(() => checkSizes(recipe(0.5), spec), RanetError);
  assertStringIncludes(message, "sizes[0].scale: expected at least 0.52 for ranet-cifar10, whose images have 32×32");
  assertStringIncludes(message, "found 0.5 (16×16)");
  assertEquals(
    assertThrows(() => parseRecipe("sizes: [{ until: 0.5, scale: 0.7 }, { until: 0.5, scale: 0.8 }]"), RanetError)
      .message.includes("sizes: expected ascending until, found 0.5, 0.5"),
    true,
  );
});

/** One axis, as Pillow's bilinear filter: a triangle as wide as two source pixels of the scaled image. */
function axis(from: number, to: number): number[][] {
  const scale = from / to;
  const support = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const weights = Array.from(
      { length: from },
      (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - (i + 0.5) * scale) / support),
    );
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  });
}

Deno.test("all planes of a batch are scaled by an antialiased bilinear filter", () => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(side, side, side, side, fc.integer({ min: 1, max: 3 }), (height, width, rows, columns, planes) => {
      // The filter covers the size and keeps the aspect ratio, which scaled sizes have up to rounding.
      const to = { height: Math.min(rows, height), width: Math.min(columns, width) };
      fc.pre(to.height * width === to.width * height);
      const images = Float32Array.from({ length: planes * height * width }, (_, i) => Math.sin(3 * i));
      const scaled = batchResizer({ height, width }, to)(images);
      const [down, across] = [axis(height, to.height), axis(width, to.width)];
      assertEquals(scaled.length, planes * to.height * to.width);
      scaled.forEach((value, i) => {
        const [x, y] = [i % to.width, Math.floor(i / to.width) % to.height];
        const plane = Math.floor(i / (to.width * to.height)) * height * width;
        let wanted = 0;
        for (let v = 0; v < height; v++) {
          for (let u = 0; u < width; u++) wanted += down[y][v] * across[x][u] * images[plane + v * width + u];
        }
        assertAlmostEquals(value, wanted, 1e-5);
      });
    }),
    { numRuns: 300 },
  );
});

const recipe = parseRecipe(`
epochs: 4
batch: 4
schedule: { kind: cosine, rate: 0.1 }
average: 0.5
augment: { crop: 1, flip: true, erase: 0.5, mix: { kind: cutmix } }
sizes: [{ until: 0.25, scale: 0.75 }, { until: 0.5, scale: 0.85 }]
`);
/** Images of 7×7 pixels, which are large enough for the exits at 5×5. */
const spec = changeSpec(tiny, { input: { size: 7, resize: 7 } });

Deno.test("steps get images of their epoch's size, and a run that is stopped anywhere and resumed gives the same bytes", async () => {
  const runFake = async (options: Partial<SessionOptions> & { readonly stopAt?: number } = {}) => {
    const fake = { rates: [], labels: [], underWay: 0 };
    const lengths: number[] = [];
    const open = fakeTrainers(fake);
    const { stopAt, ...rest } = options;
    using session = await Session.open({
      ...{ spec, recipe, training: plain(18), device: "cpu", cache: 1e6 },
      open: async (...given) => {
        const trainer = await open(...given);
        return {
          ...trainer,
          step: (images, labels, how) => {
            lengths.push(Math.sqrt(images.length / labels.length / 3));
            return trainer.step(images, labels, how);
          },
        };
      },
      ...rest,
    });
    const controller = new AbortController();
    const outcome = await session.run({
      saveEvery: Infinity,
      signal: controller.signal,
      onStep: ({ step }) => step === stopAt && controller.abort(),
    });
    return { outcome, lengths };
  };
  const bytesOf = ({ state }: Snapshot) => formatState({ state, position: startPosition(2) });
  const whole = await runFake();
  assertEquals(whole.lengths, [5, 6, 7, 7].flatMap((side) => Array.from({ length: 5 }, () => side)));
  for (const stopAt of [2, 5, 8, 12]) {
    const { outcome } = await runFake({ stopAt });
    const snapshot = parseState(formatState(outcome), networkAt(spec, { height: 7, width: 7 }), "state.safetensors");
    const resumed = await runFake({ snapshot });
    assertEquals(bytesOf(resumed.outcome), bytesOf(whole.outcome), `stopped at ${stopAt}`);
  }
});

Deno.test("the CPU trains a network on images of growing size, as separate runs would", async () => {
  const { model, epochs, moment } = await train(spec, plain(18), recipe, { device: "cpu", threads: 1 });
  assertEquals(epochs.length, 4);
  assertEquals(model.spec.input.size, 7);
  const tensors = weightsOf(moment, recipe);
  for (const [name, { data }] of tensors) assertEquals(data.every(Number.isFinite), true, name);
  const full = await train(spec, plain(18), { ...recipe, sizes: [] }, { device: "cpu", threads: 1 });
  assertEquals(epochs[0].training.losses[0] === full.epochs[0].training.losses[0], false);
});

Deno.test("remaining work counts the steps of other sizes by their multiply-adds", () => {
  const at = { step: 0, steps: 20, perEpoch: 5 };
  assertEquals(remainingWork({ sizes: [] }, spec, at), 20);
  const [small, full] = [5, 7].map((side) => networkAt(spec, { height: side, width: side }).exits[1].cumulativeFlops);
  const sizes = [{ until: 0.25, scale: 0.75 }];
  assertAlmostEquals(remainingWork({ sizes }, spec, { ...at, step: 2 }), 3 + 15 * full / small, 1e-9);
  assertAlmostEquals(remainingWork({ sizes }, spec, { ...at, step: 7 }), 13, 1e-9);
});
