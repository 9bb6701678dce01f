/**
 * Rows of text for terminals, written before the last of them is known.
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
  /** Width of its widest cell, in characters; less is made of a column that `shrinks`. */
  readonly width: number;
  /** Cut in the middle where the terminal is too narrow: a path, of which both ends tell something. */
  readonly shrinks?: boolean;
}

/**
 * Makes rows of a Markdown table.
 *
 * @param columns One of which may shrink.
 * @param terminalWidth In characters, if it is known.
 * @returns The heading, two lines; and what makes a line of a row's cells.
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

/** A path is not cut shorter. */
const MIN_WIDTH = 12;

/** Cuts a text in its middle. */
export function shorten(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const end = Math.ceil((width - 1) * 0.6);
  return `${characters.slice(0, width - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}
