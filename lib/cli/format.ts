/**
 * Numbers and tables for people.
 *
 * @module
 */

import { markdownTable } from "markdown-table";

/** `58.92 M`, `2.83 G`. */
export function formatAmount(amount: number): string {
  const [unit, name] = amount >= 1e9
    ? [1e9, " G"]
    : amount >= 1e6
    ? [1e6, " M"]
    : amount >= 1e3
    ? [1e3, " k"]
    : [1, ""];
  return unit === 1 ? `${amount}` : `${(amount / unit).toFixed(2)}${name}`;
}

/** `85.5 %`. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A table with aligned columns, which is Markdown too; columns after the first `left` ones are aligned right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  return markdownTable([[...header], ...rows.map((row) => [...row])], {
    align: header.map((_, i) => i < left ? "l" : "r"),
  });
}
