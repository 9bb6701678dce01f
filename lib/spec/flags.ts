/**
 * Parses a line of command-line flags for the authors' `main.py`.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { suggest } from "../text/suggest.ts";

/** The flags of a script. */
export interface FlagTable {
  /** Flags that define the network, with the authors' defaults. */
  readonly network: Readonly<Record<string, string>>;
  /** Other flags with a value, which do not affect the network. */
  readonly others: readonly string[];
  /** Other flags without a value. */
  readonly switches: readonly string[];
}

/** Splits a line into words and removes quotes. For a whole command, returns the words after the script's name. */
export function wordsOf(line: string): string[] {
  const words = line.replaceAll(/\\\r?\n/g, " ").match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const script = words[0]?.startsWith("-") ? -1 : words.findIndex((word) => word.endsWith(".py"));
  return words.slice(script + 1).map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
}

/** Splits `--flag=value`. */
export function splitWord(word: string): [flag: string, value?: string] {
  const equals = word.indexOf("=");
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** The values of flags that define the network. */
export class Flags {
  readonly #values: Record<string, string>;
  readonly #table: FlagTable;

  /** Parses words. A flag that is not in the table is refused. */
  constructor(words: readonly string[], table: FlagTable) {
    this.#table = table;
    this.#values = { ...table.network };
    for (let i = 0; i < words.length; i++) {
      const [flag, attached] = splitWord(words[i]);
      if (table.switches.includes(flag)) {
        // Some scripts have a value for a flag that has none in others (--resume).
        if (words[i + 1]?.startsWith("-") === false) i++;
        continue;
      }
      if (/^-[a-zA-Z][^-]/.test(flag) && table.others.includes(flag.slice(0, 2))) continue; // -j8
      const isKnown = Object.hasOwn(table.network, flag);
      if (!isKnown && !table.others.includes(flag)) throw unknownFlag(flag, table);
      const value = attached ?? words[++i];
      if (value === undefined || (attached === undefined && value.startsWith("--"))) {
        throw cannotRead(`${flag} has no value`);
      }
      if (isKnown) this.#values[flag] = value;
    }
  }

  /** The flags that differ from their defaults, as a line. */
  changed(): string {
    return Object.entries(this.#values).filter(([flag, value]) => value !== this.#table.network[flag])
      .map(([flag, value]) => `${flag} ${value}`).join(" ");
  }

  /** A value as text. */
  text(flag: string): string {
    return this.#values[flag];
  }

  /** A value that must be one of several words. */
  choice(flag: string, known: readonly string[]): string {
    const value = this.text(flag);
    if (known.includes(value)) return value;
    throw wrong(flag, value, known.join(" or "));
  }

  /** A whole number. */
  whole(flag: string): number {
    return readWhole(flag, this.text(flag));
  }

  /** Whole numbers separated by hyphens. */
  wholeList(flag: string): number[] {
    return this.text(flag).split("-").map((value) => readWhole(flag, value));
  }

  /** A number, which may be fractional. */
  share(flag: string): number {
    const value = this.text(flag);
    if (/^\d*\.?\d+$/.test(value)) return Number(value);
    throw wrong(flag, value, "a number such as 0.5");
  }
}

function readWhole(flag: string, value: string): number {
  if (/^\d{1,4}$/.test(value)) return Number(value);
  throw wrong(flag, value, "a whole number from 0 to 9999");
}

function wrong(flag: string, value: string, expected: string): RanetError {
  return cannotRead(`${flag} is ${JSON.stringify(value.slice(0, 64))}, expected ${expected}`);
}

function unknownFlag(flag: string, { network, others, switches }: FlagTable): RanetError {
  const nearest = suggest(flag, [...Object.keys(network), ...others, ...switches]);
  const advice = nearest === undefined
    ? `flags of the network are ${Object.keys(network).join(" ")}.`
    : `did you mean ${nearest}?`;
  const own = "If it is your own flag and does not affect the network, leave it out";
  return cannotRead(`${JSON.stringify(flag.slice(0, 64))} is not a flag of the authors' code; ${advice} ${own}`);
}

/** The error for a line that cannot be parsed. */
export function cannotRead(problem: string): RanetError {
  return new RanetError(`Cannot read the authors' flags: ${problem}`);
}
