/**
 * The order in which products of an 8-bit convolution are added, and the limit of weights for fast kernels, which add
 * four products in 16 bits.
 *
 * @module
 */

/** Largest sum of magnitudes of four weights whose products are added in 16 bits: 258 · 127 fits. */
export const MAX_CHAIN = 258;

/** Number of inputs that are multiplied in one step. */
export const STEP = 8;

/** Groups of products of a step that are added in 16 bits. */
const CHAINS = [[0, 1, 4, 5], [2, 3, 6, 7]] as const;

/** Shape of a convolution's weights. */
export interface WeightShape {
  /** Channels read. */
  readonly inputs: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
}

/**
 * Positions in PyTorch's layout of the weights of one output, in the order in which kernels use them. A run is a row of
 * the kernel.
 */
export function runOrder({ inputs, kernel }: WeightShape): number[][] {
  return Array.from(
    { length: kernel },
    (_, row) =>
      Array.from({ length: kernel * inputs }, (_, i) => {
        const [column, channel] = [Math.floor(i / inputs), i % inputs];
        return (channel * kernel + row) * kernel + column;
      }),
  );
}

/** The same positions in groups of four that are added in 16 bits. The last groups of a run may be smaller. */
export function chainsOf(shape: WeightShape): number[][] {
  return runOrder(shape).flatMap((run) => {
    const steps = Math.ceil(run.length / STEP);
    return Array.from(
      { length: steps },
      (_, step) => CHAINS.map((chain) => chain.map((i) => run[step * STEP + i]).filter((place) => place !== undefined)),
    ).flat();
  });
}

/** Whether all weights are small enough for 16-bit sums. */
export function canChain(weight: ArrayLike<number>, shape: WeightShape): boolean {
  const chains = chainsOf(shape);
  const fanIn = shape.inputs * shape.kernel ** 2;
  for (let out = 0; out < weight.length; out += fanIn) {
    for (const chain of chains) {
      let sum = 0;
      for (const place of chain) sum += Math.abs(weight[out + place]);
      if (sum > MAX_CHAIN) return false;
    }
  }
  return true;
}
