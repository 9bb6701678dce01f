/**
 * Recommends a recipe for a number of images.
 *
 * @module
 */

/** Up to this many images of each class, training only the classifiers was best (docs/training.md). */
const FEW = 100;
/** With fewer images of each class, training from random weights learns little. */
const ENOUGH = 500;

/** Another way to train than with the default recipe. */
export interface RecipeAdvice {
  /** Images of each class, about. */
  readonly each: number;
  /** The recipe that suits better. */
  readonly recipe: "classifiers" | "fine-tune";
  /** Whether it starts from trained weights, which were not given. */
  readonly needsInit: boolean;
}

/**
 * Recommends a recipe if one suits better than the default.
 *
 * @param about `images` to train on, of so many `classes`; `hasInit`: whether it starts from trained weights.
 * @returns What suits better; `undefined` where the default is as good.
 */
export function adviseRecipe(
  { images, classes, hasInit }: { readonly images: number; readonly classes: number; readonly hasInit: boolean },
): RecipeAdvice | undefined {
  const each = Math.floor(images / classes);
  if (!hasInit && each >= ENOUGH) return undefined;
  return { each, recipe: each <= FEW ? "classifiers" : "fine-tune", needsInit: !hasInit };
}
