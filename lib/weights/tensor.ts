/**
 * The tensor that weights files are read into.
 *
 * @module
 */

/** A named tensor's value: float32 numbers in row-major order, whatever type they were stored as. */
export interface Tensor {
  /** Size of each dimension; empty for a scalar. */
  readonly shape: readonly number[];
  /** The values, `shape`'s product of them. */
  readonly data: Float32Array;
}
