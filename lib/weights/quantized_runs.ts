/**
 * In which order products of a convolution in eight bits are added, and how large weights may be for that to be fast: kernels
 * that chain products add four of them in 16 bits.
 *
 * @module
 */

/** Most that the magnitudes of four weights may add up to whose products are added in 16 bits: 258 · 127 fits. */
export const MAX_CHAIN = 258;

/** Weights of 8 inputs are multiplied together. */
export const STEP = 8;

/** Which of 8 are added in 16 bits. */
const CHAINS = [[0, 1, 4, 5], [2, 3, 6, 7]] as const;

/** Sizes of a convolution's weights. */
export interface WeightShape {
  /** Channels read. */
  readonly inputs: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
}

/** Where in PyTorch's layout the weights of one output lie that a run of inputs meets, run by run: rows of the kernel. */
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

/** The same in fours that are added in 16 bits; at the end of a run there may be fewer. */
export function chainsOf(shape: WeightShape): number[][] {
  return runOrder(shape).flatMap((run) => {
    const steps = Math.ceil(run.length / STEP);
    return Array.from(
      { length: steps },
      (_, step) => CHAINS.map((chain) => chain.map((i) => run[step * STEP + i]).filter((place) => place !== undefined)),
    ).flat();
  });
}

/** Whether all weights are small enough. */
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
