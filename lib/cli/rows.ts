/**
 * Formats rows of a table for terminals, before all rows are known.
 *
 * @module
 */

import { printable } from "./text.ts";

/** A column. */
export interface RowColumn {
  /** Its heading. */
  readonly title: string;
  /** How cells are aligned. */
  readonly align: "left" | "right";
  /** Width of its widest cell, in characters; a column that `shrinks` may be narrower. */
  readonly width: number;
  /** Whether cells are cut in the middle if the terminal is too narrow. For paths, both ends of which are useful. */
  readonly shrinks?: boolean;
}

/**
 * Formats rows of a Markdown table.
 *
 * @param columns The columns, one of which may shrink.
 * @param terminalWidth Width in characters, if it is known.
 * @returns The heading, which has two lines, and a function that formats a row's cells.
 */
export function rowWriter(
  columns: readonly RowColumn[],
  terminalWidth = Infinity,
): { readonly heading: string; readonly row: (cells: readonly string[]) => string } {
  const around = 3 * columns.length + 1;
  const full = columns.map(({ title, width }) => Math.max(title.length, width));
  const excess = Math.max(0, full.reduce((sum, width) => sum + width, around) - terminalWidth);
  const widths = full.map((width, i) => columns[i].shrinks ? Math.max(MIN_WIDTH, width - excess) : width);
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, i) => {
        const { align, shrinks } = columns[i];
        const text = printable(cell).replaceAll("|", "\\|");
        const fitting = shrinks && terminalWidth < Infinity ? shorten(text, widths[i]) : text;
        return align === "left" ? fitting.padEnd(widths[i]) : fitting.padStart(widths[i]);
      }).join(" | ")
    } |`;
  const rule = widths.map((width, i) => columns[i].align === "left" ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return { heading: `${line(columns.map(({ title }) => title))}\n| ${rule.join(" | ")} |`, row: line };
}

/** Smallest width of a shortened path. */
const MIN_WIDTH = 12;

/** Cuts a text in its middle. */
export function shorten(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const end = Math.ceil((width - 1) * 0.6);
  return `${characters.slice(0, width - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}
