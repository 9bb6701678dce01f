/**
 * Which recipe suits so many images.
 *
 * @module
 */

/** Up to so many images of each class, training the classifiers alone was best (docs/training.md). */
const FEW = 100;
/** From fewer images of each class, training from random weights learns little. */
const ENOUGH = 500;

/**
 * Recommends a recipe where another than the default suits better.
 *
 * @param about `images` to train on, of so many `classes`; `hasInit`: whether it starts from trained weights.
 * @returns A sentence for people; `undefined` where the default is as good.
 */
export function adviseRecipe(
  { images, classes, hasInit }: { readonly images: number; readonly classes: number; readonly hasInit: boolean },
): string | undefined {
  const each = Math.floor(images / classes);
  const recipe = each <= FEW ? "classifiers" : "fine-tune";
  if (hasInit) return `From trained weights and about ${each} images of each class, --recipe ${recipe} suits better`;
  if (each >= ENOUGH) return undefined;
  return `About ${each} images of each class are few to begin with random weights: --init MODEL --recipe ${recipe} starts ` +
    "from those of a model of the same architecture";
}
