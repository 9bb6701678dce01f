/**
 * Formats numbers.
 *
 * @module
 */

/** 12345678 → `12.35 M`. */
export function large(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(2)} k`;
}

/** 1234567 → `1.23 MB`. */
export function bytes(value: number): string {
  return `${large(value)}B`;
}

/** 0.5 → `50.0 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
