/**
 * Something bounded that clients share so that none can take it from the others: each may hold as much as it leaves free.
 * One client alone gets half, n busy ones 1/(n + 1) each, and there is always room for one more (Choudhury and Hahne's
 * dynamic thresholds, IEEE/ACM Transactions on Networking 1998).
 *
 * @module
 */

/** Bytes, or places in a queue. */
export class Shares {
  readonly #limit: number;
  readonly #held = new Map<string, number>();
  #total = 0;
  /** Those that wait for some, the first first: each takes it if it can, and says whether it did. */
  readonly #waiting = new Set<() => boolean>();

  /** With `limit` in all. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How much is held. */
  get total(): number {
    return this.#total;
  }

  /** Takes some, and says whether it did; a client that holds nothing only needs room. */
  take(client: string, amount: number): boolean {
    const mine = this.#held.get(client) ?? 0;
    const free = this.#limit - this.#total - amount;
    if (free < 0 || (mine > 0 && mine + amount > free)) return false;
    this.#held.set(client, mine + amount);
    this.#total += amount;
    return true;
  }

  /**
   * Takes some as soon as that can be.
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

  /** Gives some back. */
  give(client: string, amount: number): void {
    const left = (this.#held.get(client) ?? 0) - amount;
    if (left > 0) this.#held.set(client, left);
    else this.#held.delete(client);
    this.#total -= amount;
    for (const attempt of this.#waiting) if (attempt()) this.#waiting.delete(attempt);
  }
}
