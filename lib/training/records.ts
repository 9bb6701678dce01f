/**
 * Records of a run's steps and epochs, and its progress.
 *
 * @module
 */

/** One step. */
export interface StepRecord {
  /** The step, counted from 1. */
  readonly step: number;
  /** The epoch that it belongs to, counted from 1. */
  readonly epoch: number;
  /** Learning rate. */
  readonly learningRate: number;
  /** The loss that is minimised: the weighted sum of the exits' losses. */
  readonly loss: number;
  /** Mean cross-entropy of each exit, before the step's update. */
  readonly losses: readonly number[];
  /** Share of correct predictions of each exit, in [0, 1]. */
  readonly top1: readonly number[];
  /** Images in the step. */
  readonly images: number;
}

/** Means over the images of an epoch, or of the validation images. */
export interface ExitMeans {
  /** Mean cross-entropy of each exit. */
  readonly losses: readonly number[];
  /** Share of correct predictions of each exit, in [0, 1]. */
  readonly top1: readonly number[];
}

/** One epoch. */
export interface EpochRecord {
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** Steps taken by its end, of the whole run. */
  readonly step: number;
  /** Learning rate of its last step. */
  readonly learningRate: number;
  /** Means over the training images, computed during the epoch. */
  readonly training: ExitMeans;
  /** Means over the validation images after the epoch, with the weights that are saved. */
  readonly validation?: ExitMeans;
  /** Duration in seconds, including validation. */
  readonly seconds: number;
  /** Images per second, without validation. */
  readonly imagesPerSecond: number;
}

/** Sums over the completed part of an epoch. */
export interface EpochSums {
  /** Number of images. */
  readonly images: number;
  /** Sum of the images' cross-entropies for each exit. */
  readonly losses: readonly number[];
  /** Number of correct predictions of each exit. */
  readonly correct: readonly number[];
  /** Duration in seconds. */
  readonly seconds: number;
}

/** The progress of a run. */
export interface Position {
  /** Number of steps taken. */
  readonly step: number;
  /** Sums over the current epoch. */
  readonly sums: EpochSums;
  /** Completed epochs. */
  readonly epochs: readonly EpochRecord[];
}

/** The position at the start of a run. */
export function startPosition(exits: number): Position {
  return { step: 0, sums: emptySums(exits), epochs: [] };
}

/** Sums of an epoch without steps. */
export function emptySums(exits: number): EpochSums {
  const zeros = Array.from({ length: exits }, () => 0);
  return { images: 0, losses: zeros, correct: zeros, seconds: 0 };
}

/** Adds a step to the sums. */
export function addStep(sums: EpochSums, { images, losses, top1 }: StepRecord): EpochSums {
  return {
    ...sums,
    images: sums.images + images,
    losses: sums.losses.map((sum, k) => sum + images * losses[k]),
    correct: sums.correct.map((sum, k) => sum + Math.round(images * top1[k])),
  };
}

/** Means of sums. */
export function meansOf({ images, losses, correct }: EpochSums): ExitMeans {
  return { losses: losses.map((sum) => sum / images), top1: correct.map((sum) => sum / images) };
}

/** The mean of the exits' accuracies, by which the best epoch is chosen. */
export function meanAccuracy({ top1 }: ExitMeans): number {
  return top1.reduce((sum, share) => sum + share, 0) / top1.length;
}

/**
 * The epoch with the best mean accuracy on the validation images, the earliest of equal ones; undefined without
 * validation.
 */
export function bestEpoch(epochs: readonly EpochRecord[]): EpochRecord | undefined {
  return epochs.filter(({ validation }) => validation).reduce<EpochRecord | undefined>(
    (best, epoch) => best && meanAccuracy(best.validation!) >= meanAccuracy(epoch.validation!) ? best : epoch,
    undefined,
  );
}
