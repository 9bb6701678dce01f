/**
 * Runs calls one after another.
 *
 * @module
 */

/** Runs functions one after another, in order of arrival. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when all functions so far have finished or failed. */
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
