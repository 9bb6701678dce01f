/**
 * A bounded resource that clients share fairly: each client may hold at most as much as is left free. A single client
 * gets half, n busy ones 1/(n + 1) each, so there is always room for one more (Choudhury and Hahne's dynamic
 * thresholds, IEEE/ACM Transactions on Networking 1998).
 *
 * @module
 */

/** A resource such as memory in bytes, or places in a queue. */
export class Shares {
  readonly #limit: number;
  readonly #held = new Map<string, number>();
  #total = 0;
  /** Waiting clients in order of arrival. Each function takes its share if possible and returns whether it did. */
  readonly #waiting = new Set<() => boolean>();

  /** Creates a resource with a total of `limit`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The amount that is held. */
  get total(): number {
    return this.#total;
  }

  /**
   * Takes an amount if possible and returns whether it did. For a client that holds nothing, it is enough that the
   * amount is free.
   */
  take(client: string, amount: number): boolean {
    const mine = this.#held.get(client) ?? 0;
    const free = this.#limit - this.#total - amount;
    if (free < 0 || (mine > 0 && mine + amount > free)) return false;
    this.#held.set(client, mine + amount);
    this.#total += amount;
    return true;
  }

  /**
   * Takes an amount as soon as possible.
   *
   * @throws The signal's reason.
   */
  async takeSoon(client: string, amount: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.take(client, amount)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const attempt = () => {
      const taken = this.take(client, amount);
      if (taken) resolve();
      return taken;
    };
    const giveUp = () => reject(signal.reason);
    this.#waiting.add(attempt);
    signal.addEventListener("abort", giveUp);
    try {
      await promise;
    } finally {
      this.#waiting.delete(attempt);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Releases an amount. */
  give(client: string, amount: number): void {
    const left = (this.#held.get(client) ?? 0) - amount;
    if (left > 0) this.#held.set(client, left);
    else this.#held.delete(client);
    this.#total -= amount;
    for (const attempt of this.#waiting) if (attempt()) this.#waiting.delete(attempt);
  }
}
