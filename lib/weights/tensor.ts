/**
 * The type of tensors read from weights files.
 *
 * @module
 */

/** A tensor's value: float32 numbers in row-major order, independent of the stored type. */
export interface Tensor {
  /** Size of each dimension; empty for a scalar. */
  readonly shape: readonly number[];
  /** The values; their number is the product of `shape`. */
  readonly data: Float32Array;
}
