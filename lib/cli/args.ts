/**
 * Parses command-line arguments into operands and options, and the values that several commands use.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { DeviceChoice } from "../device/fallback.ts";
import { RanetError } from "../errors.ts";
import { parseThresholds } from "../executor/threshold_text.ts";
import { toPlace } from "../io/place.ts";
import { suggest } from "../text/suggest.ts";
import { type Call, type Command, UsageError } from "./command.ts";

/**
 * Parses the arguments after a command's name.
 *
 * @param command The command.
 * @param given The arguments; a `file:` URL is converted to a path.
 * @returns The call, or `"help"` if help was requested.
 * @throws {UsageError} If an option is unknown or lacks its value, or there are too few or too many operands.
 */
export function parseCall(command: Command, given: readonly string[]): Call | "help" {
  const words = given.map(withoutFileUrl);
  const names = Object.keys(command.options);
  const flags = [...Object.keys(command.flags ?? {}), "json", "help"];
  const attached = attachValues(words, names, flags);
  const parsed: Record<string, unknown> & { _: (string | number)[] } = parseArgs(attached, {
    string: ["_", ...names],
    boolean: flags,
    alias: { help: "h" },
    unknown: (word, key) => {
      if (key !== undefined) throw unknownOption(word, [...names, ...flags]);
    },
  });
  if (parsed.help) return "help";
  const operands = parsed._.map(String);
  const [min, max] = command.operands;
  if (operands.length < min) {
    const found = operands.length === 0 ? "nothing given" : `only ${JSON.stringify(operands.join(" "))} given`;
    throw new UsageError(`Cannot run ${command.name}: ${found}, expected ${command.usage}`);
  }
  if (operands.length > max) {
    throw new UsageError(`Cannot run ${command.name}: ${JSON.stringify(operands[max])} is one argument too many`);
  }
  const present = names.filter((name) => parsed[name] !== undefined).map((name) => [name, parsed[name]]);
  return {
    operands,
    options: Object.fromEntries(present),
    values: Object.fromEntries(present.map(([name]) => [name, valuesOf(String(name), attached)])),
    flags: new Set(flags.filter((flag) => parsed[flag])),
    json: parsed.json === true,
  };
}

function withoutFileUrl(word: string): string {
  return word.replace(/^(--[a-z-]+=)?(file:.*)$/is, (_, option = "", url) => option + toPlace(url));
}

/** All values of an option, in order. */
function valuesOf(name: string, attached: readonly string[]): string[] {
  const end = attached.indexOf("--");
  const prefix = `--${name}=`;
  return attached.slice(0, end < 0 ? undefined : end).filter((word) => word.startsWith(prefix))
    .map((word) => word.slice(prefix.length));
}

/** `--name value` → `--name=value`: a value may begin with a dash, like the authors' flags. */
function attachValues(words: readonly string[], names: readonly string[], flags: readonly string[]): string[] {
  const options = new Set([...names, ...flags].map((name) => `--${name}`));
  const attached: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === "--") return [...attached, ...words.slice(i)];
    const [option, value] = word.split(/=(.*)/s);
    if (option.startsWith("--") && !options.has(option.replace(/^--no-/, "--"))) {
      throw unknownOption(word, [...names, ...flags]); // minimist 1.2.8, in the stand-in, fails for --constructor
    }
    if (!names.includes(option.slice(2))) attached.push(word);
    else {
      const found = value ?? words[++i];
      if (!found || options.has(found)) throw new UsageError(`Cannot use ${option}: it needs a value`);
      attached.push(`${option}=${found}`);
    }
  }
  return attached;
}

/** The error for an option that does not exist, with the one that was probably meant. */
export function unknownOption(word: string, names: readonly string[]): UsageError {
  const option = word.split("=", 1)[0];
  const near = suggest(option.replace(/^-+/, ""), names);
  const advice = near === undefined
    ? `there are ${names.map((name) => `--${name}`).join(", ")}`
    : `did you mean --${near}?`;
  return new UsageError(`Cannot use ${JSON.stringify(option)}: there is no such option; ${advice}`);
}

/**
 * The value of a required option.
 *
 * @throws {UsageError} If it is missing.
 */
export function required<Name extends string>(call: Call<Name>, name: Name): string {
  const value = call.options[name];
  if (value === undefined) throw new UsageError(`Missing required option --${name}`);
  return value;
}

/**
 * The value of an option that must be one of a few words.
 *
 * @throws {UsageError} If it is not one of them.
 */
export function choice<Word extends string>(option: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) {
    throw new UsageError(`Cannot use --${option} ${JSON.stringify(value)}: expected ${words.join(", ")}`);
  }
  return found;
}

/** The value of `--device`. */
export function deviceChoice(value = "auto"): DeviceChoice {
  return choice("device", value, ["auto", "gpu", "cpu"]);
}

/**
 * Parses a whole number of at least 1.
 *
 * @throws {RanetError} If it is anything else.
 */
export function count(option: string, value: string): number {
  if (/^0*[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new RanetError(`Cannot use --${option} ${JSON.stringify(value)}: expected a whole number of at least 1`);
}

/**
 * Parses a confidence threshold, or a comma-separated list of them.
 *
 * @throws {RanetError} If one is not a number from 0 to 1.
 */
export function thresholds(value: string): number | number[] {
  const found = parseThresholds(value);
  if (found !== undefined) return found;
  throw new RanetError(
    `Cannot use --threshold ${
      JSON.stringify(value)
    }: expected a number from 0 to 1, or one per exit, separated by commas`,
  );
}
