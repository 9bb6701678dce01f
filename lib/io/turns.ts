/**
 * Calls that wait for each other.
 *
 * @module
 */

/** Runs one function after another, in the order in which they come. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** When all that came so far is done, well or not. */
  get done(): Promise<unknown> {
    return this.#last;
  }

  /** Runs a function once all that came before is done; what it throws, only its caller is told. */
  take<Result>(run: () => Promise<Result> | Result): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }
}
