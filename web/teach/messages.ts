/**
 * Messages between the Teach tab and its worker.
 *
 * @module
 */

import type { EpochRecord } from "../train_library.ts";

/** The model from which training starts, as named on the page. */
export type Base = "faster" | "better";

/** A photo for training, resized to the network's input. */
export interface TaughtPhoto {
  /** Identifies the photo on the page. */
  readonly id: number;
  /** Index of its class, from 0. */
  readonly label: number;
  /** Red, green and blue, pixel by pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** A training task. */
export interface Lesson {
  readonly base: Base;
  /** Names of the classes. */
  readonly classes: readonly string[];
  readonly photos: readonly TaughtPhoto[];
  /** Whether to train on mirrored photos, too. */
  readonly mirror: boolean;
}

/** The prediction of an exit for an image. */
export interface ExitAnswer {
  /** Number of the exit, from 1. */
  readonly exit: number;
  readonly label: string;
  /** In [0, 1]. */
  readonly confidence: number;
  /** Multiply-adds up to this exit. */
  readonly flops: number;
  /** Time since the start of the first exit. */
  readonly milliseconds: number;
}

/** The result of a validation photo. */
export interface Judged {
  /** The photo. */
  readonly id: number;
  readonly label: number;
  /** The predicted class, at the exit where it left. */
  readonly answer: number;
}

/** Results of a model on the validation photos. */
export interface Outcome {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** The validation photos. */
  readonly judged: readonly Judged[];
  /** Whether they were enough to fit thresholds and temperatures. */
  readonly isFitted: boolean;
  /** Average multiply-adds per photo. */
  readonly cost: number;
  /** Multiply-adds of the full network. */
  readonly fullCost: number;
  /** The command line that trains the same model on the same photos. */
  readonly command: string;
}

/** A model that is ready to use. */
export interface ReadyModel {
  readonly classes: readonly string[];
  /** Cumulative multiply-adds of each exit. */
  readonly costs: readonly number[];
  /** Confidence at which an image leaves, per exit. */
  readonly thresholds: readonly number[];
}

/** Messages of the page. */
export type Request =
  | { readonly kind: "read"; readonly id: number; readonly name: string; readonly file: Blob }
  | { readonly kind: "train"; readonly lesson: Lesson; readonly goOn: boolean }
  | { readonly kind: "stop" }
  | { readonly kind: "open"; readonly archive: Blob; readonly name: string }
  | { readonly kind: "try"; readonly id: number; readonly image: Blob | ImageData; readonly name: string };

/** Messages of the worker. */
export type Reply =
  | {
    readonly kind: "photo";
    readonly id: number;
    readonly pixels: Uint8ClampedArray<ArrayBuffer>;
    readonly thumbnail: Blob;
  }
  | { readonly kind: "unread"; readonly id: number; readonly message: string }
  | { readonly kind: "started"; readonly device: string; readonly steps: number; readonly epochs: number }
  | { readonly kind: "step"; readonly step: number }
  | { readonly kind: "epoch"; readonly epoch: EpochRecord }
  | { readonly kind: "note"; readonly message: string }
  | { readonly kind: "trained"; readonly finished: boolean; readonly archive: Blob; readonly outcome: Outcome }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "opened"; readonly model: ReadyModel; readonly onnx: Blob }
  | { readonly kind: "not opened"; readonly message: string }
  | { readonly kind: "answer"; readonly id: number; readonly answer: ExitAnswer; readonly left: boolean }
  | { readonly kind: "not tried"; readonly id: number; readonly message: string };
