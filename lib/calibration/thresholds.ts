/**
 * Thresholds for a budget over a batch, found on a validation set (Huang et al., "Multi-Scale Dense Networks for
 * Resource Efficient Image Classification", ICLR 2018, section 3; the RANet paper's experiments use the same).
 *
 * @module
 */

/** For each exit, in order, the confidence of every sample. */
export type Confidences = readonly ArrayLike<number>[];

/**
 * The thresholds for which about `q^k` of the samples (normalised over the exits) leave at exit k.
 *
 * @param q Above 0; the larger it is, the later samples leave.
 * @param confidences Confidences of a validation set, `[exit][sample]`, each in [0, 1].
 * @param options `order`: {@linkcode byConfidence} of the confidences, to compute thresholds for many `q` faster.
 * @returns One threshold per exit: `Infinity` if no sample may leave, `-Infinity` for the last.
 */
export function thresholdsForQ(
  q: number,
  confidences: Confidences,
  options: { readonly order?: readonly (readonly number[])[] } = {},
): number[] {
  const { order = byConfidence(confidences) } = options;
  const samples = confidences[0].length;
  const powers = confidences.map((_, k) => q ** (k + 1));
  const total = powers.reduce((sum, power) => sum + power, 0);
  const left = new Uint8Array(samples);
  return confidences.map((confidence, k) => {
    if (k === confidences.length - 1) return -Infinity;
    // Computes the share first: rounding of the product could make all samples one less.
    const quota = Math.floor(samples * (powers[k] / total));
    const staying = order[k].filter((sample) => !left[sample]);
    const threshold = quota >= 1 && quota <= staying.length ? confidence[staying[quota - 1]] : Infinity;
    for (const sample of staying) if (confidence[sample] >= threshold) left[sample] = 1;
    return threshold;
  });
}

/** For each exit, the samples in descending confidence. */
export function byConfidence(confidences: Confidences): number[][] {
  return confidences.map((confidence) =>
    Array.from({ length: confidence.length }, (_, sample) => sample).sort((a, b) => confidence[b] - confidence[a])
  );
}

/**
 * The exit that each sample takes: the first whose threshold its confidence reaches, otherwise the last.
 *
 * @param thresholds One per exit.
 * @param confidences `[exit][sample]`.
 * @returns For each sample the exit, counted from 0.
 */
export function exitsTaken(thresholds: readonly number[], confidences: Confidences): number[] {
  const last = confidences.length - 1;
  return Array.from(
    { length: confidences[0].length },
    (_, sample) => confidences.findIndex((confidence, k) => k === last || confidence[sample] >= thresholds[k]),
  );
}

/** The average cost of the samples' exits. */
export function averageCost(exits: readonly number[], flops: readonly number[]): number {
  return exits.reduce((sum, exit) => sum + flops[exit], 0) / exits.length;
}
