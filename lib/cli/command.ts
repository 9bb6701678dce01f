/**
 * What a command is, and how its arguments are read.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { suggest } from "../spec/suggest.ts";

/** Where a command reads and writes, so that tests can stand in for a terminal. */
export interface Terminal {
  /** Prints a line of results. */
  out(text: string): void;
  /** Prints a line for people, beside the results. */
  note(text: string): void;
  /** All of standard input. */
  input(): Promise<Uint8Array<ArrayBuffer>>;
}

/** An option that takes a value. */
export interface Option {
  /** What the value is, in help: `FILE`. */
  readonly value: string;
  /** One line of help. */
  readonly help: string;
}

/** The arguments of one call. */
export interface Arguments {
  /** Those that are not options. */
  readonly positional: readonly string[];
  /** Values of the options that were given. */
  readonly options: Readonly<Record<string, string | undefined>>;
  /** Whether results are for machines. */
  readonly json: boolean;
}

/** One command. */
export interface Command {
  /** Arguments, in help: `IMAGE…`. */
  readonly usage: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What else there is to know: text and examples. */
  readonly details: string;
  /** Options with a value, by name; `--json` and `--help` go without saying. */
  readonly options: Readonly<Record<string, Option>>;
  /** Fewest and most positional arguments. */
  readonly positional: readonly [number, number];
  /** Does it. */
  run(args: Arguments, terminal: Terminal): Promise<void>;
}

/** The command was called in a way that it cannot be. */
export class UsageError extends Error {}

/** Options that every model-running command has. */
export const MODEL_OPTIONS: Readonly<Record<string, Option>> = {
  model: { value: "M", help: "bundled name, directory or spec file (default ranet-cifar10)" },
  weights: { value: "W", help: "safetensors file to take instead of the model's own" },
  device: { value: "auto|gpu|cpu", help: "what to run on (default auto: WebGPU where there is an adapter)" },
};

/**
 * Reads a command's arguments.
 *
 * @returns The arguments, or `"help"` if that is what was asked for.
 * @throws {UsageError} If an option is unknown or lacks its value, or there are too few or too many arguments.
 */
export function readArguments(command: Command, args: readonly string[]): Arguments | "help" {
  const names = Object.keys(command.options);
  const parsed = parseArgs(joinValues(args, names), {
    boolean: ["json", "help"],
    string: names,
    alias: { help: "h" },
    unknown: (arg, key) => {
      if (key === undefined) return true;
      const near = suggest(key, [...names, "json", "help"]);
      throw new UsageError(`unknown option ${arg}${near ? `; did you mean --${near}?` : ""}`);
    },
  }) as Record<string, unknown> & { _: (string | number)[] };
  if (parsed.help) return "help";
  const options = Object.fromEntries(names.map((name) => [name, parsed[name] as string | undefined]));
  const empty = names.find((name) => options[name] === "");
  if (empty) throw new UsageError(`--${empty} needs a value: --${empty} ${command.options[empty].value}`);
  const positional = parsed._.map(String);
  const [fewest, most] = command.positional;
  if (positional.length < fewest) throw new UsageError(`expected ${command.usage}`);
  if (positional.length > most) throw new UsageError(`unexpected argument ${JSON.stringify(positional[most])}`);
  return { positional, options, json: parsed.json === true };
}

/** A value may itself begin with a hyphen, as the authors' flags do: `--args "--step 2"`. */
function joinValues(args: readonly string[], names: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const takesValue = args[i].startsWith("--") && names.includes(args[i].slice(2)) && i + 1 < args.length;
    joined.push(takesValue ? `${args[i]}=${args[++i]}` : args[i]);
  }
  return joined;
}

/** One of several words. */
export function readChoice<T extends string>(value: string | undefined, choices: readonly T[], name: string): T {
  const choice = value ?? choices[0];
  if ((choices as readonly string[]).includes(choice)) return choice as T;
  throw new UsageError(`--${name} is ${JSON.stringify(choice)}; expected ${choices.join(", ")}`);
}
