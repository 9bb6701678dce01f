/**
 * What the tab that teaches and its worker tell each other.
 *
 * @module
 */

import type { EpochRecord } from "../train_library.ts";

/** What training starts from, in the page's words. */
export type Base = "faster" | "better";

/** A photo to learn from: what the network sees of it. */
export interface TaughtPhoto {
  /** Names it on the page. */
  readonly id: number;
  /** Its class, counted from 0. */
  readonly label: number;
  /** Red, green and blue, pixel by pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** What is to be learned. */
export interface Lesson {
  readonly base: Base;
  /** Names of the classes. */
  readonly classes: readonly string[];
  readonly photos: readonly TaughtPhoto[];
  /** Whether a mirrored photo shows the same. */
  readonly mirror: boolean;
}

/** What one exit says of an image. */
export interface ExitAnswer {
  /** Counted from 1. */
  readonly exit: number;
  readonly label: string;
  /** In [0, 1]. */
  readonly confidence: number;
  /** Multiply-adds up to this exit. */
  readonly flops: number;
  /** Since the first exit was begun. */
  readonly milliseconds: number;
}

/** The result of a validation photo. */
export interface Judged {
  /** The photo. */
  readonly id: number;
  readonly label: number;
  /** The class that it was taken for, by the exit that it left at. */
  readonly answer: number;
}

/** How well a model does on the photos set aside. */
export interface Outcome {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** The photos set aside. */
  readonly judged: readonly Judged[];
  /** Whether they were enough to find thresholds and temperatures with. */
  readonly isFitted: boolean;
  /** Multiply-adds that they took on average. */
  readonly cost: number;
  /** The same of an image that goes to the last exit. */
  readonly fullCost: number;
  /** How the command line makes the same model of the same photos. */
  readonly command: string;
}

/** A model ready to be tried. */
export interface ReadyModel {
  readonly classes: readonly string[];
  /** Multiply-adds up to each exit. */
  readonly costs: readonly number[];
  /** Confidence at which an image leaves, of each exit. */
  readonly thresholds: readonly number[];
}

/** What the page asks. */
export type Request =
  | { readonly kind: "read"; readonly id: number; readonly name: string; readonly file: Blob }
  | { readonly kind: "train"; readonly lesson: Lesson; readonly goOn: boolean }
  | { readonly kind: "stop" }
  | { readonly kind: "open"; readonly archive: Blob; readonly name: string }
  | { readonly kind: "try"; readonly id: number; readonly image: Blob | ImageData; readonly name: string };

/** What the worker says. */
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
