/**
 * 16-bit floats. JavaScript has them only since 2025 (`Float16Array`, `Math.f16round`).
 *
 * @module
 */

/** Numbers from this one on round to infinity. */
const OVERFLOW = 65520;
const INFINITY_BITS = 0x7c00;
const NAN_BITS = 0x7e00;
/** Stored bits of the significand. */
const FRACTION = 10;
/** Exponent of the smallest normal number. Smaller numbers have the same spacing as those just above it. */
const LEAST_EXPONENT = -14;

const double = new DataView(new ArrayBuffer(8));

/** The bits of the nearest 16-bit float. Ties round to even. */
export function halfBits(value: number): number {
  if (Number.isNaN(value)) return NAN_BITS;
  double.setFloat64(0, value);
  const high = double.getUint32(0);
  const sign = high >>> 31 << 15;
  const size = Math.abs(value);
  if (size >= OVERFLOW) return sign | INFINITY_BITS;
  const exponent = Math.max((high >>> 20 & 0x7ff) - 1023, LEAST_EXPONENT);
  const steps = size / 2 ** (exponent - FRACTION); // exact: a division by a power of two
  const below = Math.floor(steps);
  const rest = steps - below;
  const nearest = below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
  // The leading bit is not stored, except in subnormal numbers. If rounding overflows the significand, the addition
  // carries into the exponent.
  return sign | ((exponent - LEAST_EXPONENT) << FRACTION) + nearest;
}

/** The value of a 16-bit float. */
export function halfValue(bits: number): number {
  // A table, because weights are millions of such numbers.
  values ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => computeHalf(bits));
  return values[bits];
}

/** The values of all bit patterns, once they have been computed. */
let values: Float32Array | undefined;

function computeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> FRACTION & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  const steps = exponent === 0 ? fraction : fraction + 2 ** FRACTION;
  return sign * steps * 2 ** (Math.max(exponent, 1) - 1 + LEAST_EXPONENT - FRACTION);
}

/** Rounds to the nearest 16-bit float. */
export function roundToHalf(value: number): number {
  return halfValue(halfBits(value));
}
