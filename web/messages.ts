/**
 * Messages between the page and its worker.
 *
 * @module
 */

/** An image to classify. */
export interface Question {
  /** Identifies the image in answers. */
  readonly id: number;
  /** The file's name, for messages. */
  readonly name: string;
  /** The image file. */
  readonly file: Blob;
  /** Confidence at which no further exit is computed; `Infinity` for all exits. */
  readonly until: number;
}

/** A request to use another model, given as a zip archive. */
export interface ModelChange {
  readonly model: Blob;
}

/** The prediction of an exit for an image. */
export interface Answer {
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

/** Messages of the worker. */
export type Report =
  | {
    readonly kind: "ready";
    readonly device: { readonly kind: "gpu" | "cpu"; readonly name: string };
    /** Whether the browser supports WebGPU. */
    readonly hasWebGpu: boolean;
    /** Why it does not run on the GPU, if it should. */
    readonly reason?: string;
  }
  | { readonly kind: "broken"; readonly message: string }
  | {
    readonly kind: "image";
    readonly id: number;
    readonly thumbnail: Blob;
    /** The input pixels of the network. */
    readonly seen: ImageData;
  }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly kind: "problem"; readonly id: number; readonly message: string };
