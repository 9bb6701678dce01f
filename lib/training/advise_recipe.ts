/**
 * Which recipe suits so many images.
 *
 * @module
 */

/** Up to so many images of each class, training the classifiers alone was best (docs/training.md). */
const FEW = 100;
/** From fewer images of each class, training from random weights learns little. */
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
 * Recommends a recipe where another than the default suits better.
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
