/**
 * Help texts, made from the commands' own descriptions.
 *
 * @module
 */

import { wrap } from "../text/wrap.ts";
import type { Command } from "./command.ts";

/** A task of `deno.json`, which `./ranet` runs as well. */
export interface Task {
  /** What it is called. */
  readonly name: string;
  /** What it does. */
  readonly description: string;
  /** What Deno runs. */
  readonly command: string;
}

/** Help for all of it. */
export function overallHelp(commands: readonly Command[], tasks: readonly Task[]): string {
  return `ranet: image classification that spends on each image what it needs

A RANet has several exits, from coarse and cheap to fine and dear. An image leaves at the first exit
that is confident enough. Networks are declared in YAML and run on WebGPU, or on the CPU without it.

Usage: ranet COMMAND …

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}
${tasks.length > 0 ? taskList(tasks) : ""}
Options:
${columns([["-h, --help", "this text; after a command, what that command takes"], ["--version", "the version"]])}

Every command takes --json, for programs. Exit code 1: what was given cannot be used; 2: wrong usage.

Examples:
  ranet classify examples/*.jpg
  ranet plan specs/ranet-cifar10.yaml
  ranet import checkpoint.pth.tar --args "--arch RANet --step 2 --stepmode lg" --out my-model`;
}

function taskList(tasks: readonly Task[]): string {
  const rows = tasks.map(({ name, description }) => [name, wrap(description, 80).join("\n")] as const);
  return `
From a clone, ./ranet also runs:
${columns([["run SCRIPT", 'a script of your own that imports "@ranet/ranet", from any folder'], ...rows])}
`;
}

/** Help for one task. */
export function taskHelp({ name, description, command }: Task): string {
  return `Usage: ./ranet ${name} [ARGUMENT…]

${wrap(description, 100).join("\n")}

It is short for:
  ${command}`;
}

/** Help for one command. */
export function commandHelp({ name, usage, description, options, flags, examples }: Command): string {
  const rows = Object.entries(options).map(([option, { value, help }]) => [`--${option} ${value}`, help] as const);
  return `Usage: ranet ${name} ${usage}

${description}

Options:
${
    columns([...rows, ...Object.entries(flags ?? {}).map(([flag, help]) => [`--${flag}`, help] as const), [
      "--json",
      "print JSON, for programs",
    ], ["-h, --help", "this text"]])
  }

Examples:
${examples.map((example) => `  ${example}`).join("\n")}`;
}

function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`)
    .join("\n");
}
