/**
 * What a run tells of its steps and epochs, and how far it is.
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
  readonly rate: number;
  /** What is minimised: the weighted sum of the exits' losses. */
  readonly loss: number;
  /** Mean cross-entropy of each exit, before the step's update. */
  readonly losses: readonly number[];
  /** Share of right answers of each exit, in [0, 1]. */
  readonly top1: readonly number[];
  /** Images in the step. */
  readonly images: number;
}

/** Means over the images of an epoch, or of the validation images. */
export interface ExitMeans {
  /** Mean cross-entropy of each exit. */
  readonly losses: readonly number[];
  /** Share of right answers of each exit, in [0, 1]. */
  readonly top1: readonly number[];
}

/** One epoch. */
export interface EpochRecord {
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** Steps taken by its end, of the whole run. */
  readonly step: number;
  /** Learning rate of its last step. */
  readonly rate: number;
  /** On the training images, as they came by. */
  readonly training: ExitMeans;
  /** On the validation images at its end, with the weights that are saved. */
  readonly validation?: ExitMeans;
  /** Seconds that it took, validation included. */
  readonly seconds: number;
  /** Images per second, validation not included. */
  readonly imagesPerSecond: number;
}

/** Sums over the part of an epoch that is done. */
export interface EpochSums {
  /** Images. */
  readonly images: number;
  /** Sum of the images' cross-entropies, of each exit. */
  readonly losses: readonly number[];
  /** Right answers of each exit. */
  readonly right: readonly number[];
  /** Seconds. */
  readonly seconds: number;
}

/** How far a run is. */
export interface Position {
  /** Steps taken. */
  readonly step: number;
  /** The epoch under way. */
  readonly sums: EpochSums;
  /** Epochs done. */
  readonly epochs: readonly EpochRecord[];
}

/** Where every run starts. */
export function startPosition(exits: number): Position {
  return { step: 0, sums: emptySums(exits), epochs: [] };
}

/** Nothing done yet. */
export function emptySums(exits: number): EpochSums {
  const zeros = Array.from({ length: exits }, () => 0);
  return { images: 0, losses: zeros, right: zeros, seconds: 0 };
}

/** Sums with one step more. */
export function addStep(sums: EpochSums, { images, losses, top1 }: StepRecord): EpochSums {
  return {
    ...sums,
    images: sums.images + images,
    losses: sums.losses.map((sum, k) => sum + images * losses[k]),
    right: sums.right.map((sum, k) => sum + Math.round(images * top1[k])),
  };
}

/** Means of sums. */
export function meansOf({ images, losses, right }: EpochSums): ExitMeans {
  return { losses: losses.map((sum) => sum / images), top1: right.map((sum) => sum / images) };
}

/** The mean of the exits' accuracies: what the best epoch is chosen by. */
export function meanAccuracy({ top1 }: ExitMeans): number {
  return top1.reduce((sum, share) => sum + share, 0) / top1.length;
}

/** The epoch with the best mean accuracy on the validation images, the earliest of equals; undefined without any. */
export function bestEpoch(epochs: readonly EpochRecord[]): EpochRecord | undefined {
  return epochs.filter(({ validation }) => validation).reduce<EpochRecord | undefined>(
    (best, epoch) => best && meanAccuracy(best.validation!) >= meanAccuracy(epoch.validation!) ? best : epoch,
    undefined,
  );
}
