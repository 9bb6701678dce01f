/**
 * Formats help texts from the commands' descriptions.
 *
 * @module
 */

import { wrap } from "../text/wrap.ts";
import type { Command } from "./command.ts";

/** A task of `deno.json`, which `./ranet` also runs. */
export interface Task {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly description: string;
  /** The command line that Deno runs. */
  readonly command: string;
}

/** Widest line of help, in characters. */
const WIDTH = 100;

/** Headings of options, in order; an option that is not listed here is below "Options". */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Input: [
    "data",
    "val",
    "init",
    "recipe",
    "from",
    "logits",
    "shard",
    "skip-bad",
    "allow-outside",
    "labels",
    "args",
    "key",
  ],
  Model: ["model", "weights", "threshold", "budget", "calibration", "temperature", "precision", "exit"],
  Output: ["out", "force", "top", "csv", "json"],
  Device: ["device", "threads"],
};

/** The output of `ranet` without arguments: how to begin. */
export function startHelp(): string {
  return `ranet classifies images. Easy images leave the network early, so that they cost less.

Start here:
${
    columns([
      ["ranet classify photo.jpg", "classify an image"],
      ["ranet plan ranet-cifar10", "show the cost of every exit of a network"],
      ["ranet new my-ranet", "write an architecture of your own, in YAML"],
      ["ranet train my-ranet.yaml --data photos --out my-model", "train it; photos has one folder per class"],
      ["ranet eval photos --model my-model --out report", "measure accuracy and cost"],
    ])
  }

All commands: ranet --help. Options of a command: ranet COMMAND --help.`;
}

/** Help that lists all commands. */
export function overallHelp(commands: readonly Command[], tasks: readonly Task[]): string {
  return `ranet: resolution-adaptive image classification

A RANet has several exits, from cheapest to most expensive. An image leaves at the first exit that
is confident enough. Networks are declared in YAML and run on WebGPU or on the CPU.

Usage: ranet COMMAND …

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}
${tasks.length > 0 ? taskList(tasks) : ""}
Options:
${columns([["-h, --help", "show this text, or the options of a command"], ["--version", "show the version"]])}

Every command takes --json, for programs. Exit codes: 1 if the input cannot be used, 2 for wrong
usage, 130 after Ctrl-C.

Examples:
  ranet classify examples/*.jpg
  ranet plan specs/ranet-cifar10.yaml`;
}

function taskList(tasks: readonly Task[]): string {
  const rows = tasks.map(({ name, description }) => [name, description] as const);
  return `
In a clone, ./ranet also runs:
${columns([["run SCRIPT", 'run a script of yours that imports "@ranet/ranet", from any folder'], ...rows])}
`;
}

/** Help for one task. */
export function taskHelp({ name, description, command }: Task): string {
  return `Usage: ./ranet ${name} [ARGUMENT…]

${paragraphs(description)}

Runs:
  ${command}`;
}

/** Help for one command. */
export function commandHelp(command: Command): string {
  const { name, usage, description, examples } = command;
  const groups = Object.entries(optionGroups(command));
  // One width for all groups, so that descriptions are aligned.
  const width = columnWidth(groups.flatMap(([, rows]) => rows));
  return `Usage: ranet ${name} ${usage}

${paragraphs(description)}

${groups.map(([heading, rows]) => `${heading}:\n${columns(rows, width)}`).join("\n\n")}

Examples:
${examples.map((example) => `  ${example}`).join("\n")}`;
}

type Row = readonly [left: string, right: string];

/** An option's or flag's row of help, under its heading. */
function optionGroups({ options, flags = {} }: Command): Record<string, Row[]> {
  const rows: [name: string, row: Row][] = [
    ...Object.entries(options).map(([name, { value, help }]): [string, Row] => [name, [`--${name} ${value}`, help]]),
    ...Object.entries(flags).map(([name, help]): [string, Row] => [name, [`--${name}`, help]]),
    ["json", ["--json", "print JSON, for programs"]],
    ["help", ["-h, --help", "show this text"]],
  ];
  const groupOf = (name: string) => Object.keys(GROUPS).find((group) => GROUPS[group].includes(name)) ?? "Options";
  const grouped = Object.groupBy(rows, ([name]) => groupOf(name));
  return Object.fromEntries(
    [...Object.keys(GROUPS), "Options"].filter((group) => grouped[group])
      .map((group) => [group, grouped[group]!.map(([, row]) => row)]),
  );
}

/** Wraps each paragraph to the width of help. */
function paragraphs(text: string): string {
  return text.split(/\n\s*\n/).map((one) => filled(one, WIDTH).join("\n")).join("\n\n");
}

function filled(text: string, width: number): string[] {
  return wrap(text.trim().replaceAll(/\s+/g, " "), width);
}

function columnWidth(rows: readonly Row[]): number {
  return Math.max(...rows.map(([left]) => left.length)) + 2;
}

function columns(rows: readonly Row[], width = columnWidth(rows)): string {
  const indent = `\n${" ".repeat(width + 2)}`;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${filled(right, WIDTH - width - 2).join(indent)}`)
    .join("\n");
}
