/**
 * Tables and text for terminals.
 *
 * @module
 */

import { markdownTable } from "markdown-table";

/** A column: its title and how it is aligned. */
export type Column = readonly [title: string, align: "left" | "right"];

/** A Markdown table. Control characters, which file names and labels may contain, are removed. */
export function table(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell)).replaceAll("|", "\\|")));
  return markdownTable([columns.map(([title]) => title), ...cells], { align: columns.map(([, align]) => align) });
}

/** Text without control characters. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\ufffd");
}
