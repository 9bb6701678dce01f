// Exponential and logarithm in float64, without the standard library's tables, which threads would share.

const LN2_HIGH: f64 = 6.93147180369123816490e-01;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

// Exponential of numbers up to 700; numbers below −700 give zero, and NaN gives NaN.
export function exp(x: f64): f64 {
  if (x < -700) return 0;
  if (!(x <= 700)) return x > 700 ? Infinity : NaN;
  const k = nearest<f64>(x * 1.44269504088896338700);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  // Taylor's series, |r| ≤ 0.35.
  let sum: f64 = 1;
  for (let i: f64 = 14; i > 0; i--) sum = 1 + sum * r / i;
  return sum * reinterpret<f64>((<i64> k + 1023) << 52);
}

// Logarithm of normal positive numbers; infinity and NaN are returned unchanged.
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i64>(x);
  const exponent = <f64> ((bits >> 52) - 1023);
  const mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  // Halley's method for exp(y) = mantissa, which triples the number of correct digits in each iteration.
  let y = mantissa - 1 - 0.3 * (mantissa - 1) * (mantissa - 1);
  for (let i = 0; i < 4; i++) {
    const e = exp(y);
    y += 2 * (mantissa - e) / (mantissa + e);
  }
  return exponent * LN2_HIGH + (exponent * LN2_LOW + y);
}
