/**
 * Metadata of a weights file: the architecture, and the classes of its logits.
 *
 * @module
 */

import * as z from "zod";

/** Contents of the metadata. */
export interface WeightsOwner {
  /** The architecture's name. */
  readonly name: string;
  /** The classes, in the order of the logits. */
  readonly classes: readonly string[];
}

/** Metadata for a weights file. */
export function weightsMetadata({ name, classes }: WeightsOwner): Record<string, string> {
  return { spec: name, classes: JSON.stringify(classes) };
}

/** The classes in a file's metadata; `undefined` if there are none. */
export function classesIn(metadata: Readonly<Record<string, string>>): readonly string[] | undefined {
  if (metadata.classes === undefined) return undefined;
  try {
    return z.array(z.string()).safeParse(JSON.parse(metadata.classes)).data;
  } catch {
    return undefined;
  }
}
