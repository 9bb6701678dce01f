/**
 * Tables and numbers for people.
 *
 * @module
 */

import { markdownTable } from "markdown-table";

/** A column: its title and how it is aligned. */
export type Column = readonly [title: string, align: "left" | "right"];

/** A Markdown table. Control characters, which a file name or label may have, do not reach the terminal. */
export function table(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell)).replaceAll("|", "\\|")));
  return markdownTable([columns.map(([title]) => title), ...cells], { align: columns.map(([, align]) => align) });
}

/** Text without control characters. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\ufffd");
}

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
