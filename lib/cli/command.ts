/**
 * The definition of a command: data for its help and for parsing its arguments, and the function that runs it.
 *
 * @module
 */

import type { LineQueue } from "../io/line_queue.ts";

/** Standard input and output of a command. */
export interface Terminal {
  /** Writes a result and a line break. */
  readonly stdout: (text: string) => void;
  /** Writes a notice or an error and a line break. */
  readonly stderr: (text: string) => void;
  /** Used instead of `stdout` by commands that run for long: it does not wait for its reader. */
  readonly announce?: (text: string) => void;
  /** The queue behind `stderr`, if that does not wait for its reader either. */
  readonly notices?: LineQueue;
  /** Width of the terminal of `stdout` in characters; missing if it is not a terminal. */
  readonly columns?: number;
  /** The input that `-` means. */
  readonly stdin: ReadableStream<Uint8Array>;
}

/** An option that takes a value. */
export interface Option {
  /** The name of its value in help: `FILE`. */
  readonly value: string;
  /** What it does and its default, in one or a few lines. */
  readonly help: string;
}

/** A command line, parsed. */
export interface Call<Name extends string = string> {
  /** Arguments that are not options. */
  readonly operands: readonly string[];
  /** Values of the given options. */
  readonly options: Readonly<Partial<Record<Name, string>>>;
  /** All values of the given options, for options that may be repeated. */
  readonly values?: Readonly<Partial<Record<Name, readonly string[]>>>;
  /** The given options that have no value. */
  readonly flags: ReadonlySet<string>;
  /** Whether to print JSON instead of text. */
  readonly json: boolean;
}

/** A command; `Name` are its options' names, without `--json` and `--help`, which every command has. */
export interface Command<Name extends string = string> {
  /** Its name. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Arguments as the first line of help shows them: `IMAGE… [options]`. */
  readonly usage: string;
  /** Smallest and largest number of operands. */
  readonly operands: readonly [min: number, max: number];
  /** Help's second paragraph. */
  readonly description: string;
  /** Options by name, without dashes. */
  readonly options: Readonly<Record<Name, Option>>;
  /** Help of options without a value, by name. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Whether it runs for long and writes its results elsewhere: it continues even if nobody reads its output. */
  readonly isLong?: boolean;
  /** Examples of command lines. */
  readonly examples: readonly string[];
  /**
   * Runs it.
   *
   * @throws {UsageError} If arguments are missing or exclude each other.
   * @throws {RanetError} If the input cannot be used.
   */
  run(call: Call<Name>, terminal: Terminal): Promise<void>;
}

/** Thrown if a command was called with wrong arguments. */
export class UsageError extends Error {
  /** Always `"UsageError"`. */
  override readonly name = "UsageError";
}

/** Thrown if the user stopped the command; the message says how to continue. */
export class InterruptedError extends Error {
  /** Always `"InterruptedError"`. */
  override readonly name = "InterruptedError";
}
