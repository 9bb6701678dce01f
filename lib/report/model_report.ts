/**
 * What a report tells of a model.
 *
 * @module
 */

import type { BudgetPoint, Confused, ExitMetrics } from "./metrics.ts";

/** One image in the page. */
export interface Picture {
  /** A `data:` URI. */
  readonly uri: string;
  /** What it was taken for. */
  readonly predicted: string;
  /** Whether that is correct. */
  readonly correct: boolean;
}

/** An image that was classified wrongly. */
export interface Mistake {
  /** A `data:` URI. */
  readonly uri: string;
  /** What it was taken for. */
  readonly predicted: string;
  /** What it is. */
  readonly label: string;
  /** How sure the exit was, in [0, 1]. */
  readonly confidence: number;
  /** The exit taken, counted from 1. */
  readonly exit: number;
}

/** How a report came about. */
export interface ReportOrigin {
  /** The command line. */
  readonly command: string;
  /** When it was made. */
  readonly date: Date;
  /** What it ran on. */
  readonly device: string;
  /** Versions of the library and of the runtime. */
  readonly versions: string;
}

/** Easy and hard images of one class. */
export interface ClassPictures {
  /** The class. */
  readonly label: string;
  /** Some that left at the first exit. */
  readonly easy: readonly Picture[];
  /** Some that needed the last. */
  readonly hard: readonly Picture[];
}

/** The results of one model. */
export interface ModelReport {
  /** What it is called in tables and plots. */
  readonly name: string;
  /** Its classes. */
  readonly labels: readonly string[];
  /** Name and number of samples evaluated. */
  readonly dataset: { readonly name: string; readonly samples: number };
  /** The same of the data set that thresholds come from, if there is one. */
  readonly validation?: { readonly name: string; readonly samples: number };
  /** Each exit by itself. */
  readonly exits: readonly ExitMetrics[];
  /** The budgeted-batch curve, if there is a validation set. */
  readonly budgeted?: readonly BudgetPoint[];
  /** Which classes were taken for which, exit by exit. */
  readonly confusion: readonly (readonly Confused[])[];
  /** Easy and hard images, class by class. */
  readonly pictures: readonly ClassPictures[];
  /** The most confident mistakes under the same thresholds. */
  readonly mistakes?: readonly Mistake[];
  /** Under which thresholds they were told apart. */
  readonly setting: string;
}
