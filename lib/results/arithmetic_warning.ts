/**
 * The warning about results from devices with different rounding.
 *
 * @module
 */

/**
 * Words the warning.
 *
 * @param what What comes from several devices, as a plural noun.
 * @param ways The rounding of each device; `undefined` if unknown.
 */
export function roundedOtherwise(what: string, ways: readonly (string | undefined)[]): string {
  return `${what} come from devices that round differently (${ways.map((way) => way ?? "unknown").join("; ")}): ` +
    "a single device may give confidences with different last digits, and a different exit for an image close to a " +
    "threshold.";
}
