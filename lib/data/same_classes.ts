/**
 * Checks that two data sets, or a data set and a model, have the same classes.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { matchClasses } from "../spec/classes.ts";
import type { Dataset } from "./dataset.ts";
import { listLabels } from "./labels.ts";

/**
 * Checks that labels have the same meaning in two data sets.
 *
 * @throws {RanetError} If both were opened for classes, and these differ.
 */
export function checkSameClasses(
  one: Pick<Dataset, "name" | "classes">,
  other: Pick<Dataset, "name" | "classes">,
): void {
  if (!one.classes || !other.classes || matchClasses(one.classes, other.classes).isSame) return;
  throw new RanetError(
    `Cannot use ${one.name} together with ${other.name}: the first has the classes ${listLabels(one.classes)}, ` +
      `the second ${listLabels(other.classes)}`,
  );
}
