/**
 * Options that set the classes of a network.
 *
 * @module
 */

import { readClassNames } from "../data/read_class_names.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { printable } from "./text.ts";

/** Names of the options. */
export type ClassOption = "classes" | "classes-from";

/** Help of the options. */
export const CLASS_OPTIONS: Command<ClassOption>["options"] = {
  classes: { value: "C", help: "labels in the order of the logits, separated by commas, or their number" },
  "classes-from": {
    value: "DATASET",
    help: "labels of a data set: the names of its folders or in a list, sorted; columns in order",
  },
};

/**
 * The requested classes: a list, a number, or the classes of a data set; none if no option is given. Prints notes about
 * the data set.
 *
 * @throws {UsageError} If both options are given.
 */
export async function wantedClasses(
  { classes, "classes-from": source }: Call<ClassOption>["options"],
  { stderr }: Pick<Terminal, "stderr">,
): Promise<{ readonly classes?: number | "imagenet" | readonly string[] }> {
  if (classes !== undefined && source !== undefined) {
    throw new UsageError("Cannot use --classes together with --classes-from: expected one of them");
  }
  if (source !== undefined) {
    return { classes: await readClassNames(source, { onNote: (note) => stderr(printable(note)) }) };
  }
  return classes === undefined ? {} : { classes: readClasses(classes) };
}

function readClasses(text: string): number | string[] {
  return /^\d+$/.test(text) ? Number(text) : text.split(",").map((label) => label.trim());
}
