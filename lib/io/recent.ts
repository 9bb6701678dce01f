/**
 * Keeps what was read last in memory.
 *
 * @module
 */

/** Values by key. Reading one again does not repeat the work while it is among the last ones. */
export class Recent<Value> {
  readonly #most: number;
  readonly #kept = new Map<string, Promise<Value>>();

  /** @param most Number of values that are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * The value with a key. If reading fails, the next call reads again.
   *
   * @param read Reads the value, if it is not kept.
   */
  async get(key: string, read: () => Promise<Value>): Promise<Value> {
    const reading = this.#kept.get(key) ?? read();
    this.#kept.delete(key);
    this.#kept.set(key, reading);
    for (const oldest of this.#kept.keys().take(Math.max(0, this.#kept.size - this.#most))) this.#kept.delete(oldest);
    try {
      return await reading;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }
}
