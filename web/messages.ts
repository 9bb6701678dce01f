/**
 * What the page and its worker tell each other.
 *
 * @module
 */

/** An image to classify. */
export interface Question {
  /** Names the image in answers. */
  readonly id: number;
  /** The file's name, for messages. */
  readonly name: string;
  /** The file: any image. */
  readonly file: Blob;
  /** The confidence at which no further exit is asked; `Infinity` asks all. */
  readonly until: number;
}

/** Another model to answer with, in a zip archive. */
export interface ModelChange {
  readonly model: Blob;
}

/** What one exit says of an image. */
export interface Answer {
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

/** What the worker says. */
export type Report =
  | {
    readonly kind: "ready";
    readonly device: { readonly kind: "gpu" | "cpu"; readonly name: string };
    /** Whether the browser has WebGPU at all. */
    readonly hasWebGpu: boolean;
    /** Why it does not run on the GPU where it should. */
    readonly reason?: string;
  }
  | { readonly kind: "broken"; readonly message: string }
  | {
    readonly kind: "image";
    readonly id: number;
    readonly thumbnail: Blob;
    /** The pixels that the network takes. */
    readonly seen: ImageData;
  }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly kind: "problem"; readonly id: number; readonly message: string };
