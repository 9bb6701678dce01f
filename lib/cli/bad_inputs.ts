/**
 * Reports inputs that cannot be used.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Terminal } from "./command.ts";
import { PassedOver } from "./passed_over.ts";
import { printable } from "./text.ts";

/** Reports bad inputs when they are found, and fails at the end. */
export class BadInputs {
  readonly #stderr: Terminal["stderr"];
  readonly #skip: boolean;
  readonly #alone: boolean;
  /** Other files in folders of images. */
  readonly passed = new PassedOver();
  #count = 0;
  #last?: RanetError;

  /**
   * @param options `skip`: do not fail. `alone`: there is only one input, so its error is not repeated at the end.
   */
  constructor({ stderr }: Terminal, options: { readonly skip: boolean; readonly alone: boolean }) {
    this.#stderr = stderr;
    this.#skip = options.skip;
    this.#alone = options.alone;
  }

  /** Reports one input. */
  add(error: RanetError): void {
    this.#count++;
    this.#last = error;
    if (!this.#alone) this.#stderr(printable(error.message));
  }

  /**
   * Ends the list, and reports ignored files.
   *
   * @param answered Whether any input could be used.
   * @throws {RanetError} If some inputs were bad without `skip`, or all were.
   */
  end(answered: boolean): void {
    const passed = this.passed.describe();
    if (passed !== undefined) this.#stderr(passed);
    if (!this.#last) return;
    if (this.#alone) throw this.#last;
    const what = `${this.#count} ${this.#count === 1 ? "input" : "inputs"} could not be read`;
    if (!answered) throw new RanetError(`Nothing was classified: ${what}`);
    const message = `${what}; all others were classified`;
    if (!this.#skip) throw new RanetError(`${message} (use --skip-bad to exit with 0 anyway)`);
    this.#stderr(message);
  }
}
