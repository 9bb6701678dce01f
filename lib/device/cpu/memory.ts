/**
 * Lays out memory: allocates addresses one after another, and collects the initial contents. Addresses and lengths are
 * in bytes.
 *
 * @module
 */

/** Bytes in a page of WebAssembly memory. */
const PAGE_BYTES = 2 ** 16;

/** WebAssembly's addresses have 32 bits. */
export const MAX_BYTES = 2 ** 32;

/** Bytes to write before kernels run. */
export interface Content {
  /** Address of the first byte. */
  readonly address: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** Allocates addresses. */
export class MemoryLayout {
  /** Initial contents of the memory; the rest is zero. */
  readonly contents: Content[] = [];
  /** Address of a line of zeros. */
  readonly zeros: number;
  readonly #alignment: number;
  readonly #remembered = new Map<string, unknown>();
  #end = 0;
  #scratchBytes = 0;

  /**
   * Creates an empty layout. Addresses are multiples of `alignment`, so that threads do not share cache lines by
   * chance.
   */
  constructor(alignment: number) {
    this.#alignment = alignment;
    this.zeros = this.take(64);
  }

  /** Bytes allocated so far. */
  get bytes(): number {
    return this.#end;
  }

  /** Scratch memory that a thread needs, in whole lines. */
  get scratchBytes(): number {
    return Math.ceil((this.#scratchBytes + 64) / this.#alignment) * this.#alignment;
  }

  /** Allocates bytes and returns their address. */
  take(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / this.#alignment) * this.#alignment;
    return address;
  }

  /** Allocates memory with these initial contents. */
  keep(bytes: Uint8Array): number {
    const address = this.take(bytes.length);
    this.contents.push({ address, bytes });
    return address;
  }

  /** Allocates memory with these words. */
  table(words: readonly number[]): number {
    return this.keep(new Uint8Array(Uint32Array.from(words).buffer));
  }

  /** Returns what `make` returned for this name, calling it only the first time. */
  remember<Made>(name: string, make: () => Made): Made {
    if (!this.#remembered.has(name)) this.#remembered.set(name, make());
    return this.#remembered.get(name) as Made;
  }

  /** Declares how much scratch memory a thread needs for an operation. */
  needScratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  /**
   * Creates the memory with its contents.
   *
   * @param refuse Called with the reason if it cannot be created; must throw.
   */
  allocate(refuse: (reason: string) => never): WebAssembly.Memory {
    if (this.bytes > MAX_BYTES) return refuse("at most 4 GiB can be addressed");
    const pages = Math.ceil(this.bytes / PAGE_BYTES);
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return refuse("there is not enough memory");
    }
    const bytes = new Uint8Array(memory.buffer);
    // Drops the collected contents, which may be large.
    for (const content of this.contents.splice(0)) bytes.set(content.bytes, content.address);
    return memory;
  }
}
