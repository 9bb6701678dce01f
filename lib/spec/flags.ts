/**
 * A line of command-line flags, as for the authors' `main.py`.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { suggest } from "../text/suggest.ts";

/** Which flags a script has. */
export interface FlagTable {
  /** Flags that say what the network is, with the authors' defaults. */
  readonly network: Readonly<Record<string, string>>;
  /** Flags that take a value and leave the network as it is. */
  readonly others: readonly string[];
  /** The same, without a value. */
  readonly switches: readonly string[];
}

/** The words of a line, with quotes taken off; of a whole command, those behind the script's name. */
export function wordsOf(line: string): string[] {
  const words = line.replaceAll(/\\\r?\n/g, " ").match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const script = words[0]?.startsWith("-") ? -1 : words.findIndex((word) => word.endsWith(".py"));
  return words.slice(script + 1).map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
}

/** `--flag=value` in two. */
export function splitWord(word: string): [flag: string, value?: string] {
  const equals = word.indexOf("=");
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** The values of flags that say what the network is. */
export class Flags {
  readonly #values: Record<string, string>;
  readonly #table: FlagTable;

  /** Reads words; a flag that is none of the table's is refused. */
  constructor(words: readonly string[], table: FlagTable) {
    this.#table = table;
    this.#values = { ...table.network };
    for (let i = 0; i < words.length; i++) {
      const [flag, attached] = splitWord(words[i]);
      if (table.switches.includes(flag)) {
        // Some scripts have a value for what is a switch in others (--resume).
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

  /** Flags that differ from their defaults, as a line. */
  changed(): string {
    return Object.entries(this.#values).filter(([flag, value]) => value !== this.#table.network[flag])
      .map(([flag, value]) => `${flag} ${value}`).join(" ");
  }

  /** A value as it is. */
  text(flag: string): string {
    return this.#values[flag];
  }

  /** One of a few words. */
  choice(flag: string, known: readonly string[]): string {
    const value = this.text(flag);
    if (known.includes(value)) return value;
    throw wrong(flag, value, known.join(" or "));
  }

  /** A whole number. */
  whole(flag: string): number {
    return readWhole(flag, this.text(flag));
  }

  /** Whole numbers with hyphens between them. */
  wholeList(flag: string): number[] {
    return this.text(flag).split("-").map((value) => readWhole(flag, value));
  }

  /** A number that need not be whole. */
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
    ? `those of the network are ${Object.keys(network).join(" ")}.`
    : `did you mean ${nearest}?`;
  const own = "If it is a flag of your own and leaves the network as it is, leave it out";
  return cannotRead(`${JSON.stringify(flag.slice(0, 64))} is none of the authors' flags; ${advice} ${own}`);
}

/** The error of a line that cannot be read. */
export function cannotRead(problem: string): RanetError {
  return new RanetError(`Cannot read the authors' flags: ${problem}`);
}
