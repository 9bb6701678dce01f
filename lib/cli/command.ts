/**
 * What a command is: data for help and for the parser of its arguments, and the function that runs it.
 *
 * @module
 */

import type { LineQueue } from "../io/line_queue.ts";

/** Where a command reads from and writes to, beside the files it is given. */
export interface Terminal {
  /** Writes a result, and ends the line. */
  readonly stdout: (text: string) => void;
  /** Writes a notice or a mistake, and ends the line. */
  readonly stderr: (text: string) => void;
  /** What `stdout` is for commands that run for long: it does not wait for its reader. */
  readonly announce?: (text: string) => void;
  /** Where `stderr` writes, if that does not wait for its reader either. */
  readonly notices?: LineQueue;
  /** Characters in a line of what shows `stdout`; missing if that is no terminal. */
  readonly columns?: number;
  /** What `-` stands for. */
  readonly stdin: ReadableStream<Uint8Array>;
}

/** An option that takes a value. */
export interface Option {
  /** What the value is called in help: `FILE`. */
  readonly value: string;
  /** What it does, with its default, in a line or a few. */
  readonly help: string;
}

/** A command line, parsed. */
export interface Call<Name extends string = string> {
  /** Arguments that are no options. */
  readonly operands: readonly string[];
  /** Values of the options given. */
  readonly options: Readonly<Partial<Record<Name, string>>>;
  /** All values of the options given, where one may be given several times. */
  readonly values?: Readonly<Partial<Record<Name, readonly string[]>>>;
  /** Options without a value that were given. */
  readonly flags: ReadonlySet<string>;
  /** Whether JSON is wanted instead of text for people. */
  readonly json: boolean;
}

/** A command; `Name` are its options' names, without `--json` and `--help`, which every command has. */
export interface Command<Name extends string = string> {
  /** What it is called. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Arguments as the first line of help shows them: `IMAGE… [options]`. */
  readonly usage: string;
  /** How many operands it takes, at least and at most. */
  readonly operands: readonly [min: number, max: number];
  /** Help's second paragraph. */
  readonly description: string;
  /** Options by name, without dashes. */
  readonly options: Readonly<Record<Name, Option>>;
  /** Options without a value: what each does, by name. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Whether it runs for long, with its results elsewhere: it goes on though nobody reads what it says. */
  readonly isLong?: boolean;
  /** Command lines worth copying. */
  readonly examples: readonly string[];
  /**
   * Runs it.
   *
   * @throws {UsageError} If arguments are missing or exclude each other.
   * @throws {RanetError} If what was given cannot be used.
   */
  run(call: Call<Name>, terminal: Terminal): Promise<void>;
}

/** The command was called in a way that it does not understand. */
export class UsageError extends Error {
  /** Always `"UsageError"`. */
  override readonly name = "UsageError";
}

/** The person stopped the command; the message says how to go on. */
export class InterruptedError extends Error {
  /** Always `"InterruptedError"`. */
  override readonly name = "InterruptedError";
}
