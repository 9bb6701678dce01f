/**
 * Recommends a recipe for a number of images.
 *
 * @module
 */

/** Up to this number of images per class, training only the classifiers was best (docs/training.md). */
const FEW = 100;
/** With fewer images per class, training from random weights learns little. */
const ENOUGH = 500;

/** A recommendation to use another recipe than the default. */
export interface RecipeAdvice {
  /** Approximate number of images per class. */
  readonly each: number;
  /** The recommended recipe. */
  readonly recipe: "classifiers" | "fine-tune";
  /** Whether it requires trained weights, which were not given. */
  readonly needsInit: boolean;
}

/**
 * Recommends a recipe if one suits better than the default.
 *
 * @param about `images`: number of training images; `classes`: number of classes; `hasInit`: whether training starts
 * from trained weights.
 * @returns The recommendation; `undefined` if the default recipe suits.
 */
export function adviseRecipe(
  { images, classes, hasInit }: { readonly images: number; readonly classes: number; readonly hasInit: boolean },
): RecipeAdvice | undefined {
  const each = Math.floor(images / classes);
  if (!hasInit && each >= ENOUGH) return undefined;
  return { each, recipe: each <= FEW ? "classifiers" : "fine-tune", needsInit: !hasInit };
}
