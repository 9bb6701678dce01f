/**
 * How long a request may take.
 *
 * @module
 */

import { busy, Refusal } from "./refusal.ts";

/** How long a request may take: to come, and in all. Whatever it waits for is given up when that is over. */
export class TimeLimit implements Disposable {
  readonly #limit = new AbortController();
  readonly #client: AbortSignal;
  readonly #timers: ReturnType<typeof setTimeout>[];
  readonly #gone = () => this.#limit.abort(this.#client.reason);

  /** Starts it; `client` is aborted when whoever asked has gone. */
  constructor(
    client: AbortSignal,
    { bodyTimeout, timeout }: { readonly bodyTimeout: number; readonly timeout: number },
  ) {
    this.#client = client;
    client.addEventListener("abort", this.#gone);
    this.#timers = [
      this.#after(bodyTimeout, () => new Refusal(408, `Cannot answer: the body did not come within ${bodyTimeout} ms`)),
      this.#after(timeout, () => late(timeout)),
    ];
  }

  /** The client does not wait for as long. */
  shorten(ms: number): void {
    this.#timers.push(this.#after(ms, () => late(ms)));
  }

  #after(ms: number, refusal: () => Refusal): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#limit.abort(refusal()), ms);
  }

  /** Aborted when time is over, with what to answer. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The body is there. */
  bodyHasCome(): void {
    clearTimeout(this.#timers[0]);
  }

  /** Ends it: where a request failed, the rest of it need not be computed. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#client.removeEventListener("abort", this.#gone);
    this.#limit.abort();
  }
}

function late(ms: number): Refusal {
  return busy("timeout", `there was no result within ${ms} ms`);
}
