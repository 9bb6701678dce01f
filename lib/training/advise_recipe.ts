/**
 * Recommends a recipe for a number of images.
 *
 * @module
 */

/** Up to this many images of each class, training only the classifiers was best (docs/training.md). */
const FEW = 100;
/** With fewer images of each class, training from random weights learns little. */
const ENOUGH = 500;

/**
 * Recommends a recipe if one suits better than the default.
 *
 * @param about `images`: number of images to train on; `classes`: number of classes; `hasInit`: whether training starts
 * from trained weights.
 * @returns A sentence for users; `undefined` if the default is as good.
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
