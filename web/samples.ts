/**
 * Images and the predictions of the exits.
 *
 * @module
 */

import type { Answer } from "./messages.ts";

/** An image on the page. */
export interface Sample {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** Confidence up to which exits have been requested. */
  asked: number;
  /** URL of a thumbnail, once the image is decoded. */
  thumbnail?: string;
  /** The input pixels of the network. */
  seen?: ImageData;
  /** Predictions in the order of the exits. */
  readonly answers: Answer[];
}

/** The prediction with which a sample leaves; `undefined` while it is unknown. */
export function answerAt(threshold: number, { answers }: Sample, exits: number): Answer | undefined {
  return answers.find(({ confidence, exit }) => confidence >= threshold || exit === exits);
}
