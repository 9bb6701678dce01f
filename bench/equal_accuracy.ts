/**
 * Measures the time to classify test images at equal accuracy. Our runners let images leave early, with a bundled calibration.
 * Peers run the full network, and the network cut at the first exit that is as accurate as our result.
 *
 * @module
 */

import { AdaptiveExecutor, type Calibration, type Model } from "../mod.ts";
import {
  type BenchPrecision,
  type Contestant,
  inPrecision,
  LARGEST_BATCH,
  type OwnContestant,
  type Session,
} from "./contestants.ts";
import { attempt, type Failure, isFailure } from "./measure.ts";
import type { TestImages } from "./test_images.ts";

/** One contestant's pass over the test images. */
export interface Pass {
  /** The contestant's id. */
  readonly id: string;
  /** How much of the network it ran: `adaptive`, `full`, or `up to exit K`. */
  readonly mode: string;
  /** The result. */
  readonly outcome: PassOutcome | Failure;
}

/** Result of a pass. */
export interface PassOutcome {
  /** Number of images that were classified within the time limit. */
  readonly images: number;
  /** Share of these images that was classified correctly. */
  readonly accuracy: number;
  /** Milliseconds per image. */
  readonly msPerImage: number;
  /** Seconds for all test images; extrapolated if `images` is smaller. */
  readonly seconds: number;
}

/** Returns the class of each image of a batch, for each exit that is computed. */
type Classify = (images: Float32Array, count: number) => Promise<readonly (readonly number[])[]>;

/**
 * Runs all passes, one after another.
 *
 * @param options `seconds`: time limit of a pass.
 */
export async function benchEqualAccuracy(
  model: Model,
  contestants: { readonly ours: readonly OwnContestant[]; readonly peers: readonly Contestant[] },
  test: TestImages,
  options: { readonly calibrations: Readonly<Record<BenchPrecision, Calibration>>; readonly seconds: number },
): Promise<Pass[]> {
  const { calibrations, seconds } = options;
  const passes: Pass[] = [];
  let correct: readonly boolean[] = [];
  for (const { id, options, precision } of contestants.ours) {
    const outcome = await attempt(async () => {
      using executor = await AdaptiveExecutor.create(await inPrecision(model, precision), {
        ...options,
        batchSize: LARGEST_BATCH,
      });
      const calibration = calibrations[precision];
      const classify: Classify = async (images) => [
        (await executor.classify(images, { calibration })).map(({ index }) => index),
      ];
      return await pass(classify, test, { seconds });
    });
    if (!isFailure(outcome) && outcome.correct[0].length > correct.length) correct = outcome.correct[0];
    passes.push({ id, mode: "adaptive", outcome: isFailure(outcome) ? outcome : summary(outcome, test, 0) });
  }
  for (const contestant of contestants.peers) {
    const { id } = contestant;
    const run = (exit?: number) =>
      attempt(async () => {
        await using session = await contestant.open(model, { exit });
        return await pass(argmaxes(session, model), test, { seconds, batch: contestant.batch });
      });
    const whole = await run();
    if (isFailure(whole)) {
      passes.push({ id, mode: "full", outcome: whole });
      continue;
    }
    const last = model.network.exits.length - 1;
    passes.push({ id, mode: "full", outcome: summary(whole, test, last) });
    // Accuracies are compared on the images that both have classified.
    const common = Math.min(correct.length, whole.correct[last].length);
    if (common === 0) continue;
    const wanted = share(correct.slice(0, common));
    const found = whole.correct.findIndex((exit) => share(exit.slice(0, common)) >= wanted);
    const exit = found < 0 ? last + 1 : found + 1;
    const cut = await run(exit);
    passes.push({ id, mode: `up to exit ${exit}`, outcome: isFailure(cut) ? cut : summary(cut, test, 0) });
  }
  return passes;
}

interface Counted {
  /** For each exit, whether each image was classified correctly. */
  readonly correct: readonly (readonly boolean[])[];
  readonly ms: number;
}

async function pass(
  classify: Classify,
  test: TestImages,
  { seconds, batch: size = LARGEST_BATCH }: { readonly seconds: number; readonly batch?: number },
): Promise<Counted> {
  const total = test.labels.length;
  const length = test.images.length / total;
  const batch = (start: number) => {
    const count = Math.min(size, total - start);
    return classify(test.images.subarray(start * length, (start + count) * length), count);
  };
  await batch(0);
  const correct: boolean[][] = [];
  const start = performance.now();
  let ms = 0;
  for (let done = 0; done < total && ms < 1000 * seconds; done += size) {
    (await batch(done)).forEach((classes, exit) => {
      (correct[exit] ??= []).push(...classes.map((predicted, i) => predicted === test.labels[done + i]));
    });
    ms = performance.now() - start;
  }
  return { correct, ms };
}

function argmaxes(session: Session, model: Model): Classify {
  const classes = model.spec.classes.length;
  return async (images, count) => {
    const logits = await session.run(images, count);
    return logits.map((values) =>
      Array.from({ length: count }, (_, i) => {
        const sample = values.subarray(i * classes, (i + 1) * classes);
        return sample.indexOf(Math.max(...sample));
      })
    );
  };
}

function summary({ correct, ms }: Counted, test: TestImages, exit: number): PassOutcome {
  const images = correct[exit].length;
  const msPerImage = ms / images;
  return { images, accuracy: share(correct[exit]), msPerImage, seconds: msPerImage * test.labels.length / 1000 };
}

function share(correct: readonly boolean[]): number {
  return correct.filter(Boolean).length / correct.length;
}
