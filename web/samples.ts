/**
 * Images and what the exits said of them.
 *
 * @module
 */

import type { Answer } from "./messages.ts";

/** An image on the page. */
export interface Sample {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** The confidence at which exits have been asked to stop. */
  asked: number;
  /** URL of a small picture, once the image is decoded. */
  thumbnail?: string;
  /** The pixels that the network takes. */
  seen?: ImageData;
  /** In the order of the exits. */
  readonly answers: Answer[];
}

/** The answer with which a sample leaves; `undefined` as long as that is open. */
export function answerAt(threshold: number, { answers }: Sample, exits: number): Answer | undefined {
  return answers.find(({ confidence, exit }) => confidence >= threshold || exit === exits);
}
