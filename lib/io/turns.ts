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

  /** Runs a function after all earlier ones have finished. An error is thrown only to its own caller. */
  take<Result>(run: () => Promise<Result> | Result): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }
}
