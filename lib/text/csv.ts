/**
 * Writes tables as CSV.
 *
 * @module
 */

/** The text of a CSV file. */
export function csv(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) =>
    /[",\n\r]/.test(`${value}`) ? `"${`${value}`.replaceAll('"', '""')}"` : value;
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}
