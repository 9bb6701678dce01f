/**
 * The results of a model in a report.
 *
 * @module
 */

import type { BudgetPoint, Confused, ExitMetrics } from "./metrics.ts";

/** An image in the page. */
export interface Picture {
  /** A `data:` URI. */
  readonly uri: string;
  /** Predicted class. */
  readonly predicted: string;
  /** Whether the prediction is correct. */
  readonly correct: boolean;
}

/** An image that was classified wrongly. */
export interface Mistake {
  /** A `data:` URI. */
  readonly uri: string;
  /** Predicted class. */
  readonly predicted: string;
  /** Actual class. */
  readonly label: string;
  /** Confidence of the exit, in [0, 1]. */
  readonly confidence: number;
  /** The exit taken, counted from 1. */
  readonly exit: number;
}

/** Origin of a report. */
export interface ReportOrigin {
  /** The command line. */
  readonly command: string;
  /** Date and time of the report. */
  readonly date: Date;
  /** The device. */
  readonly device: string;
  /** Versions of the library and of the runtime. */
  readonly versions: string;
}

/** Easy and hard images of one class. */
export interface ClassPictures {
  /** The class. */
  readonly label: string;
  /** Examples that left at the first exit. */
  readonly easy: readonly Picture[];
  /** Examples that needed the last exit. */
  readonly hard: readonly Picture[];
}

/** The results of one model. */
export interface ModelReport {
  /** Name in tables and plots. */
  readonly name: string;
  /** Labels of its classes. */
  readonly labels: readonly string[];
  /** Name and number of samples evaluated. */
  readonly dataset: { readonly name: string; readonly samples: number };
  /** The same of the data set from which thresholds were determined, if there is one. */
  readonly validation?: { readonly name: string; readonly samples: number };
  /** Metrics of each exit alone. */
  readonly exits: readonly ExitMetrics[];
  /** The budgeted-batch curve, if there is a validation set. */
  readonly budgeted?: readonly BudgetPoint[];
  /** Confusion matrix of each exit. */
  readonly confusion: readonly (readonly Confused[])[];
  /** Easy and hard images, class by class. */
  readonly pictures: readonly ClassPictures[];
  /** The most confident mistakes with the same thresholds. */
  readonly mistakes?: readonly Mistake[];
  /** The thresholds that separate easy and hard images. */
  readonly setting: string;
}
