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

  /** Gives some back. */
  give(client: string, amount: number): void {
    const left = (this.#held.get(client) ?? 0) - amount;
    if (left > 0) this.#held.set(client, left);
    else this.#held.delete(client);
    this.#total -= amount;
  }
}
