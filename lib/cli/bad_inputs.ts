/**
 * Inputs that cannot be used, beside others that can.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Terminal } from "./command.ts";
import { PassedOver } from "./passed_over.ts";
import { printable } from "./text.ts";

/** Tells of bad inputs as they are found, and makes a failure of them in the end. */
export class BadInputs {
  readonly #stderr: Terminal["stderr"];
  readonly #skip: boolean;
  readonly #alone: boolean;
  /** What folders hold beside images. */
  readonly passed = new PassedOver();
  #count = 0;
  #last?: RanetError;

  /**
   * @param options `skip`: they are no failure. `alone`: there is but one input, of which nothing need be said twice.
   */
  constructor({ stderr }: Terminal, options: { readonly skip: boolean; readonly alone: boolean }) {
    this.#stderr = stderr;
    this.#skip = options.skip;
    this.#alone = options.alone;
  }

  /** Tells what is wrong with one. */
  add(error: RanetError): void {
    this.#count++;
    this.#last = error;
    if (!this.#alone) this.#stderr(printable(error.message));
  }

  /**
   * There are no more. Tells what has been passed over.
   *
   * @param answered Whether any input was good.
   * @throws {RanetError} If some were bad and that is not allowed, or all were.
   */
  end(answered: boolean): void {
    const passed = this.passed.describe();
    if (passed !== undefined) this.#stderr(passed);
    if (!this.#last) return;
    if (this.#alone) throw this.#last;
    const what = `${this.#count} ${this.#count === 1 ? "input" : "inputs"} could not be read`;
    if (!answered) throw new RanetError(`Nothing is classified: ${what}`);
    const message = `${what}; all others are classified`;
    if (!this.#skip) throw new RanetError(`${message} (with --skip-bad, that is no failure)`);
    this.#stderr(message);
  }
}
