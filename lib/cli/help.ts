/**
 * Help texts, made from the commands' own descriptions.
 *
 * @module
 */

import type { Command } from "./command.ts";

/** Help for all of it. */
export function overallHelp(commands: readonly Command[]): string {
  return `ranet: image classification that spends on each image what it needs

A RANet has several exits, from coarse and cheap to fine and dear. An image leaves at the first exit
that is confident enough. Networks are declared in YAML and run on WebGPU, or on the CPU without it.

Usage: ranet COMMAND …

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}

Options:
${columns([["-h, --help", "this text; after a command, what that command takes"], ["--version", "the version"]])}

Every command takes --json, for programs. Exit code 1: what was given cannot be used; 2: wrong usage.

Examples:
  ranet classify examples/*.jpg
  ranet plan specs/ranet-cifar10.yaml
  ranet import checkpoint.pth.tar --args "--arch RANet --step 2 --stepmode lg" --out my-model`;
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
