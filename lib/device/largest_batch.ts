/**
 * Finds the largest batch that fits into memory.
 *
 * @module
 */

/**
 * Finds the largest batch that fits, by bisection.
 *
 * @param fails A size that does not fit.
 * @param fits Whether a size fits. If it does, all smaller sizes must fit too.
 * @returns The largest size; 0 if none fits.
 */
export async function largestBatchThat(
  fails: number,
  fits: (batch: number) => boolean | Promise<boolean>,
): Promise<number> {
  let [least, most] = [0, fails];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (await fits(middle)) least = middle;
    else most = middle;
  }
  return least;
}
