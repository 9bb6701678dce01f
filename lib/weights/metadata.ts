/**
 * What a file of weights says of itself among its notes: whose they are, and the classes of its logits.
 *
 * @module
 */

import * as z from "zod";

/** What the notes of a file are made from. */
export interface WeightsOwner {
  /** The architecture's name. */
  readonly name: string;
  /** The classes, in the order of the logits. */
  readonly classes: readonly string[];
}

/** Notes for a file of weights. */
export function weightsMetadata({ name, classes }: WeightsOwner): Record<string, string> {
  return { spec: name, classes: JSON.stringify(classes) };
}

/** The classes that a file's notes name; `undefined` if they name none. */
export function classesIn(metadata: Readonly<Record<string, string>>): readonly string[] | undefined {
  if (metadata.classes === undefined) return undefined;
  try {
    return z.array(z.string()).safeParse(JSON.parse(metadata.classes)).data;
  } catch {
    return undefined;
  }
}
