/**
 * Chooses how integers are multiplied on the CPU. All ways give the same results; engines and processors differ in
 * which of them are correct and fast. Depending on the processor, the relaxed dot product reads its second operand as
 * signed or unsigned and adds with or without saturation. For steps from 0 to 127 this makes no difference. Some
 * engines have implemented it incorrectly, so it is tested before its first use.
 *
 * @module
 */

import { fusedKernels, plainKernels } from "./kernels.ts";
import { instantiate } from "./thread.ts";

/** Ways to multiply, with their codes in kernels/convolution/int8-tiles.as, where they are explained. */
export const PRODUCTS = { paired: 0, fused: 1, chained: 2, wide: 3 } as const;

/** The way in which 8-bit products are computed, if weights allow it. */
export type Int8Product = "paired" | "fused" | "chained";

/** Kernels and the way to multiply. */
export interface Int8Kernels {
  /** The module. */
  readonly module: WebAssembly.Module;
  /** The fastest correct way on this machine. */
  readonly product: Int8Product;
}

/** Finds the best way to multiply integers on this machine. */
export async function int8Kernels(): Promise<Int8Kernels> {
  const module = await fusedKernels();
  const product = module && await rightProduct(module);
  return module && product ? { module, product } : { module: await plainKernels(), product: "paired" };
}

/** Operands as vectors of bytes, and four initial sums. */
interface Operands {
  readonly weights: readonly number[];
  readonly inputs: readonly number[];
  readonly sums: readonly number[];
}

/** Results of relaxed products. */
interface Products {
  /** Four sums. */
  readonly fused: Int32Array;
  /** Eight sums of pairs. */
  readonly pairs: Int16Array;
}

/** Test operands: extreme numbers, and numbers of both signs, with sums that are not zero. */
const TRIALS: readonly Operands[] = [
  {
    weights: [127, 127, 127, 127, -127, -127, -127, -127, 1, -2, 3, -4, 127, -127, 0, 5],
    inputs: [127, 127, 127, 127, 127, 127, 127, 127, 5, 6, 7, 8, 127, 127, 99, 1],
    sums: [1, -70_000, 2 ** 30, -3],
  },
  {
    weights: Array.from({ length: 16 }, (_, i) => (i * 37 % 255) - 127),
    inputs: Array.from({ length: 16 }, (_, i) => i * 53 % 128),
    sums: [-1, 1_000_000, 0, 12_345],
  },
];

/**
 * Operands whose result differs between processors. Real inputs are never that large; the result only identifies the
 * processor.
 */
const BEYOND: Operands = { weights: Array(16).fill(127), inputs: Array(16).fill(255), sums: [0, 0, 0, 0] };
/** Result of x86 processors without a dot product instruction: twice the saturated sum of two products. */
const SATURATED = 2 * (2 ** 15 - 1);

/** The faster relaxed product that is correct, if there is one. */
async function rightProduct(module: WebAssembly.Module): Promise<Int8Product | undefined> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { multiply } = await instantiate({ module, memory });
  const make = ({ weights, inputs, sums }: Operands): Products => {
    new Int8Array(memory.buffer, 0, 16).set(weights);
    new Uint8Array(memory.buffer, 16, 16).set(inputs);
    new Int32Array(memory.buffer, 32, 4).set(sums);
    multiply(0);
    return { fused: new Int32Array(memory.buffer, 48, 4).slice(), pairs: new Int16Array(memory.buffer, 64, 8).slice() };
  };
  return chooseProduct(make);
}

/**
 * Chooses by the results of products.
 *
 * @param make Computes the products of operands.
 * @returns `undefined` if no relaxed product is correct.
 */
export function chooseProduct(make: (operands: Operands) => Products): Int8Product | undefined {
  const results = TRIALS.map((operands) => ({ ...make(operands), wanted: pairsOf(operands), sums: operands.sums }));
  const isFused = results.every(({ fused, wanted, sums }) =>
    sums.every((sum, i) => fused[i] === sum + wanted[2 * i] + wanted[2 * i + 1])
  );
  const arePairs = results.every(({ pairs, wanted }) => wanted.every((pair, i) => pairs[i] === pair));
  if (arePairs && (!isFused || make(BEYOND).fused[0] === SATURATED)) return "chained";
  return isFused ? "fused" : undefined;
}

function pairsOf({ weights, inputs }: Operands): number[] {
  return Array.from(
    { length: 8 },
    (_, i) => weights[2 * i] * inputs[2 * i] + weights[2 * i + 1] * inputs[2 * i + 1],
  );
}
