/**
 * Memory in the making: addresses are handed out one after another, and what it holds at the start is collected. Addresses
 * and lengths are bytes.
 *
 * @module
 */

/** Bytes in a page of WebAssembly memory. */
const PAGE_BYTES = 2 ** 16;

/** WebAssembly's addresses have 32 bits. */
export const MAX_BYTES = 2 ** 32;

/** What there is to write before kernels run. */
export interface Content {
  /** Where. */
  readonly address: number;
  /** What. */
  readonly bytes: Uint8Array;
}

/** Hands out addresses. */
export class Layout {
  /** What memory holds at the start, beside zeros. */
  readonly contents: Content[] = [];
  /** A line of zeros. */
  readonly zeros: number;
  readonly #alignment: number;
  readonly #remembered = new Map<string, unknown>();
  #end = 0;
  #scratchBytes = 0;

  /** Nothing yet; `alignment`: what addresses are multiples of. Threads share no line of the cache by chance. */
  constructor(alignment: number) {
    this.#alignment = alignment;
    this.zeros = this.take(64);
  }

  /** Bytes handed out. */
  get bytes(): number {
    return this.#end;
  }

  /** Most bytes that a thread was said to need, in whole lines. */
  get scratchBytes(): number {
    return Math.ceil((this.#scratchBytes + 64) / this.#alignment) * this.#alignment;
  }

  /** The address of so many new bytes. */
  take(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / this.#alignment) * this.#alignment;
    return address;
  }

  /** New bytes that memory holds at the start. */
  keep(bytes: Uint8Array): number {
    const address = this.take(bytes.length);
    this.contents.push({ address, bytes });
    return address;
  }

  /** The same as words. */
  table(words: readonly number[]): number {
    return this.keep(new Uint8Array(Uint32Array.from(words).buffer));
  }

  /** What was made under this name, or else is now. */
  remember<Made>(name: string, make: () => Made): Made {
    if (!this.#remembered.has(name)) this.#remembered.set(name, make());
    return this.#remembered.get(name) as Made;
  }

  /** Says that a thread needs so much for itself while it works on an operation. */
  needScratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  /**
   * Makes the memory, with its contents.
   *
   * @param refuse Throws an error; told why it cannot be made.
   */
  allocate(refuse: (reason: string) => never): WebAssembly.Memory {
    if (this.bytes > MAX_BYTES) return refuse("at most 4 GiB can be addressed");
    const pages = Math.ceil(this.bytes / PAGE_BYTES);
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return refuse("there is not as much");
    }
    const bytes = new Uint8Array(memory.buffer);
    // Only there: they may be large.
    for (const content of this.contents.splice(0)) bytes.set(content.bytes, content.address);
    return memory;
  }
}
