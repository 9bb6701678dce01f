/**
 * A network whose classes are numbers gets the names that the data set gives them: its folders', say.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { changeSpec } from "../spec/change.ts";
import { isUnnamed } from "../spec/classes.ts";

/** The architecture with the data set's classes, if it has none with names and there are as many. */
export function nameClassesOf(spec: ArchitectureSpec, { classes }: Pick<Dataset, "classes">): ArchitectureSpec {
  if (!classes || !isUnnamed(spec.classes) || classes.length !== spec.classes.length) return spec;
  return changeSpec(spec, { classes });
}
