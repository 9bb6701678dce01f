/**
 * The output of `ranet classify`, row by row: a table for people, JSON or CSV for programs.
 *
 * @module
 */

import type { AdaptiveExecutor } from "../executor/executor.ts";
import type { ImageResult } from "../executor/results.ts";
import type { BatchSummary } from "../executor/summary.ts";
import { large, percent } from "../text/numbers.ts";
import { csv } from "../text/csv.ts";
import { type Budget, budgetText } from "./budget.ts";
import type { Terminal } from "./command.ts";
import { type RowColumn, rowWriter } from "./rows.ts";
import { printable } from "./text.ts";

/** Prints results as they are computed. */
export interface ResultWriter {
  /** Prints the result of an image. */
  readonly add: (result: ImageResult) => void;
  /** Prints an image that could not be read; it has already been reported on standard error. */
  readonly bad: (image: string, reason: string) => void;
  /** Ends the output, with a summary of the classified images if there are any. */
  readonly end: (summary: BatchSummary | undefined) => void;
}

/** Options of the writers. */
export interface OutputOptions {
  /** The executor. */
  readonly executor: AdaptiveExecutor;
  /** The budget, if there is one. */
  readonly budget?: Budget;
  /** Number of classes listed for each image. */
  readonly top: number;
  /** Length of the longest name among the first images. */
  readonly longest: number;
}

/** Terminals narrower than this get fewer columns. */
const ROOMY = 100;

/** A table, with a summary below it. */
export function tableWriter(terminal: Terminal, options: OutputOptions): ResultWriter {
  const { executor: { model, device }, budget, top } = options;
  const roomy = terminal.columns === undefined || terminal.columns >= ROOMY;
  const exits = model.network.exits.length;
  const { heading, row } = rowWriter(tableColumns(options, roomy), terminal.columns);
  const cells = ({ image, label, confidence, exit, exitLabel, flops, fullFlops, top: [, ...others] }: ImageResult) => [
    image,
    label,
    percent(confidence),
    ...(top > 1 ? [others.map((other) => `${other.label} ${percent(other.confidence)}`).join(", ")] : []),
    `${exit}/${exits}${roomy ? ` (${exitLabel})` : ""}`,
    large(flops),
    ...(roomy ? [percent(flops / fullFlops)] : []),
  ];
  let begun = false;
  return {
    add(result) {
      if (!begun) terminal.stdout(heading);
      begun = true;
      terminal.stdout(row(cells(result)));
    },
    bad() {},
    end(summary) {
      if (!summary) return;
      const share = percent(summary.averageFlops / model.network.exits[exits - 1].cumulativeFlops);
      const images = `${summary.samples} ${summary.samples === 1 ? "image" : "images"}`;
      terminal.stdout(`
${model.name} on ${printable(device.name)}, ${images}: ${large(summary.averageFlops)} multiply-adds per image, \
${share} of the full network`);
      if (budget) terminal.stdout(budgetText(budget, summary));
    },
  };
}

function tableColumns({ executor: { model }, top, longest }: OutputOptions, roomy: boolean): RowColumn[] {
  const label = Math.min(24, Math.max(...model.spec.classes.map(({ length }) => length)));
  const { exits } = model.network;
  const digits = String(exits.length).length;
  const exitLabel = Math.max(...exits.map(({ label }) => ` (${label})`.length));
  return [
    { title: "image", align: "left", width: longest, shrinks: true },
    { title: "label", align: "left", width: label },
    { title: "confidence", align: "right", width: 7 },
    ...(top > 1 ? [{ title: "then", align: "left", width: (top - 1) * (label + 10) } as const] : []),
    { title: "exit", align: "left", width: 2 * digits + 1 + (roomy ? exitLabel : 0) },
    ...(roomy
      ? [{ title: "multiply-adds", align: "right", width: 9 }, { title: "of all", align: "right", width: 7 }] as const
      : [{ title: "cost", align: "right", width: 9 }] as const),
  ];
}

/** One JSON text over many lines: a list of results, or, with a budget, an object with that list in `images`. */
export function jsonWriter({ stdout }: Terminal, { budget }: Pick<OutputOptions, "budget">): ResultWriter {
  let before = budget ? '{"images":[' : "[";
  const write = (entry: object) => {
    stdout(before + JSON.stringify(entry));
    before = ",";
  };
  return {
    add: write,
    bad: (image, error) => write({ image, error }),
    end(summary) {
      const rest = JSON.stringify({ budget: budget?.budget, ...summary }).slice(1);
      stdout(`${before === "," ? "" : before}]${budget ? `,${rest}` : ""}`);
    },
  };
}

/** Lines of CSV, the first of which names the columns. */
export function csvWriter({ stdout }: Terminal, { top }: Pick<OutputOptions, "top">): ResultWriter {
  const others = Array.from({ length: top - 1 }, (_, i) => [`label_${i + 2}`, `confidence_${i + 2}`]).flat();
  const header = ["image", "label", "confidence", "exit", "exit_label", "flops", ...others, "error"];
  const write = (...cells: readonly (string | number)[]) => stdout(csv(cells.map(String), []).trimEnd());
  write(...header);
  return {
    add: ({ image, label, confidence, exit, exitLabel, flops, top: [, ...rest] }) =>
      write(
        image,
        label,
        confidence,
        exit,
        exitLabel,
        flops,
        ...others.map((_, i) => {
          const other = rest[i >> 1];
          return other === undefined ? "" : i % 2 === 0 ? other.label : other.confidence;
        }),
        "",
      ),
    bad: (image, reason) => write(image, ...header.slice(2).map(() => ""), reason),
    end() {},
  };
}
