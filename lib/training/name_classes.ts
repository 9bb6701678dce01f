/**
 * Names the classes of a network that only has their number, for example after the folders of the data set.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { changeSpec } from "../spec/change.ts";
import { isUnnamed } from "../spec/classes.ts";

/** The architecture with the data set's classes, if its own classes have no names and the number is the same. */
export function nameClassesOf(spec: ArchitectureSpec, { classes }: Pick<Dataset, "classes">): ArchitectureSpec {
  if (!classes || !isUnnamed(spec.classes) || classes.length !== spec.classes.length) return spec;
  return changeSpec(spec, { classes });
}
