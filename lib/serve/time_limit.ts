/**
 * Time limits of a request.
 *
 * @module
 */

import { busy, Refusal } from "./refusal.ts";

/**
 * Time limits of a request: for receiving its body, and in total. When one passes, whatever it waits for is aborted.
 */
export class TimeLimit implements Disposable {
  readonly #limit = new AbortController();
  readonly #client: AbortSignal;
  readonly #timers: ReturnType<typeof setTimeout>[];
  readonly #gone = () => this.#limit.abort(this.#client.reason);

  /** Starts the timers; `client` is aborted when the client disconnects. */
  constructor(
    client: AbortSignal,
    { bodyTimeout, timeout }: { readonly bodyTimeout: number; readonly timeout: number },
  ) {
    this.#client = client;
    client.addEventListener("abort", this.#gone);
    this.#timers = [
      this.#after(
        bodyTimeout,
        () => new Refusal(408, `Cannot answer: the body did not arrive within ${bodyTimeout} ms`),
      ),
      this.#after(timeout, () => late(timeout)),
    ];
  }

  /** Sets a shorter limit that the client requests. */
  shorten(ms: number): void {
    this.#timers.push(this.#after(ms, () => late(ms)));
  }

  #after(ms: number, refusal: () => Refusal): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#limit.abort(refusal()), ms);
  }

  /** Aborted when a limit passes. The reason is the response. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The body has been received. */
  bodyHasCome(): void {
    clearTimeout(this.#timers[0]);
  }

  /** Stops the timers, and aborts the rest of a failed request. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#client.removeEventListener("abort", this.#gone);
    this.#limit.abort();
  }
}

function late(ms: number): Refusal {
  return busy("timeout", `there was no result within ${ms} ms`);
}
