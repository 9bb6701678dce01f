/**
 * Finds the command, and turns errors into messages and exit codes.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { RanetError } from "../errors.ts";
import { suggest } from "../spec/suggest.ts";
import { classify } from "./classify.ts";
import { type Command, readArguments, type Terminal, UsageError } from "./command.ts";
import { devices } from "./devices.ts";
import { forward } from "./forward.ts";
import { importCheckpoint } from "./import.ts";
import { plan } from "./plan.ts";
import { spec } from "./spec.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  classify,
  plan,
  spec,
  import: importCheckpoint,
  forward,
  devices,
};

const SYSTEM_TERMINAL: Terminal = {
  out: (text) => console.log(text),
  note: (text) => console.error(text),
  input: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
};

/**
 * Runs a command line.
 *
 * @param args Arguments, the command first.
 * @param terminal Where to read and write. Default: standard input, output and error.
 * @returns The exit code: 0, 1 for something given that cannot be used, 2 for a wrong call.
 */
export async function main(args: readonly string[], terminal: Terminal = SYSTEM_TERMINAL): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    terminal.out(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    terminal.out(`ranet ${config.version}`);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (!command) {
      const near = suggest(name, Object.keys(COMMANDS));
      throw new UsageError(`unknown command ${JSON.stringify(name)}${near ? `; did you mean ${near}?` : ""}`);
    }
    const parsed = readArguments(command, rest);
    if (parsed === "help") terminal.out(help(name, command));
    else await command.run(parsed, terminal);
    return 0;
  } catch (error) {
    if (error instanceof RanetError) {
      terminal.note(`error: ${error.message}`);
      return 1;
    }
    if (!(error instanceof UsageError)) throw error;
    terminal.note(`error: ${error.message}`);
    terminal.note(command ? `usage: ranet ${name} ${command.usage}` : "usage: ranet COMMAND …");
    terminal.note(`ranet ${command ? `${name} ` : ""}--help tells more.`);
    return 2;
  }
}

function overview(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return `ranet ${config.version}: resolution-adaptive image classification on WebGPU

usage: ranet COMMAND …

${commands.join("\n")}

ranet COMMAND --help tells more. Every command takes --json, for machines.
Exit codes: 0 done, 1 something given cannot be used, 2 wrong call.`;
}

function help(name: string, command: Command): string {
  const options = Object.entries({
    ...command.options,
    json: { value: "", help: "print JSON, for machines" },
    help: { value: "", help: "print this" },
  }).map(([option, { value, help }]) => `  ${`--${option} ${value}`.padEnd(24)}${help}`);
  return `usage: ranet ${name} ${command.usage}

${command.summary}

${options.join("\n")}

${command.details}`;
}
