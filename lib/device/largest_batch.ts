/**
 * How large a batch may be.
 *
 * @module
 */

/**
 * Finds the largest batch that fits, by bisection.
 *
 * @param fails One that does not.
 * @param fits Whether one does; of those that do, smaller ones do too.
 * @returns 0 if none does.
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
