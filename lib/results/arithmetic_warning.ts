/**
 * What is said of results that were not all rounded alike.
 *
 * @module
 */

/**
 * The warning.
 *
 * @param what What comes from several devices, as a plural.
 * @param ways How those round; undefined where that was not noted.
 */
export function roundedOtherwise(what: string, ways: readonly (string | undefined)[]): string {
  return `${what} come from devices that round differently (${ways.map((way) => way ?? "unknown").join("; ")}): ` +
    "one device alone might give other last digits of confidences, and another exit to an image at the brink.";
}
