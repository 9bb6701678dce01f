/**
 * Writes lines to a log or terminal without blocking the program. If the disk is full or the reader does not read,
 * lines are lost, but the program continues.
 *
 * @module
 */

/** Destination of bytes, for example `Deno.stderr`. */
export interface ByteSink {
  /** Writes some of the bytes and returns their number. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Options of a {@linkcode LineQueue}. */
export interface LineQueueOptions {
  /**
   * Maximum number of bytes that wait to be written.
   *
   * @default {1_048_576}
   */
  readonly limit?: number;
}

interface Entry {
  readonly bytes: Uint8Array;
  /** Number of lines that are lost if it is dropped. */
  readonly lines: number;
  /** Whether it is only the notice about lost lines. */
  readonly isNotice: boolean;
}

/** Maximum size of one write in bytes. */
const WRITE_BYTES = 65_536;

const encoder = new TextEncoder();

/**
 * A bounded queue of lines. Lines that do not fit or cannot be written are dropped and counted. Once there is room
 * again, a line reports how many were lost.
 *
 * @example
 * ```ts
 * import { LineQueue } from "./line_queue.ts";
 *
 * const log = new LineQueue(Deno.stderr);
 * log.line("started");
 * await log.flush(1000);
 * ```
 */
export class LineQueue {
  /** The line that reports lost lines. */
  describeLoss: (lines: number, reason: string) => string = (lines, reason) =>
    `${lines} lines could not be written here: ${reason}`;
  readonly #sink: ByteSink;
  readonly #limit: number;
  readonly #waiting: Entry[] = [];
  #bytes = 0;
  #lost = 0;
  /** Number of lost lines that have not been reported yet, and the reason. */
  #untold = 0;
  #reason = "";
  /** Whether the last write ended in the middle of a line. */
  #torn = false;
  #writing?: Promise<void>;

  /** Creates an empty queue. */
  constructor(sink: ByteSink, { limit = 1_048_576 }: LineQueueOptions = {}) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Number of dropped lines. */
  get lost(): number {
    return this.#lost;
  }

  /** Adds a line, given without its newline. */
  line(text: string): void {
    this.#tell();
    this.#add({ bytes: encoder.encode(`${text}\n`), lines: 1, isNotice: false });
  }

  /** Adds text that does not end a line, for example a cursor movement. */
  text(text: string): void {
    this.#add({ bytes: encoder.encode(text), lines: 0, isNotice: false });
  }

  /** Resolves once everything is written, or after a timeout in milliseconds. */
  async flush(ms: number): Promise<void> {
    this.#tell();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ms);
    await Promise.race([this.#writing, late.promise]);
    clearTimeout(timer);
  }

  /** Reports lost lines, if there is room. */
  #tell(): void {
    const lines = this.#untold;
    if (lines === 0) return;
    this.#untold = 0;
    this.#add({ bytes: encoder.encode(`${this.describeLoss(lines, this.#reason)}\n`), lines, isNotice: true });
  }

  #add(entry: Entry): void {
    if (this.#bytes + entry.bytes.length > this.#limit) return this.#lose([entry], "its reader does not read");
    this.#waiting.push(entry);
    this.#bytes += entry.bytes.length;
    this.#writing ??= this.#write();
  }

  #lose(entries: readonly Entry[], reason: string): void {
    this.#reason = reason;
    for (const { lines, isNotice } of entries) {
      this.#untold += lines;
      if (!isNotice) this.#lost += lines;
    }
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const entries = this.#takeEntries();
      const before = this.#torn ? 1 : 0;
      const bytes = joined(entries, before);
      let written = 0;
      try {
        while (written < bytes.length) written += await this.#sink.write(bytes.subarray(written));
        this.#torn = false;
      } catch (error) {
        this.#lose(unwritten(entries, written - before), (error as Error).message);
        if (written > 0) this.#torn = bytes[written - 1] !== NEWLINE;
      }
      this.#bytes -= bytes.length - before;
    }
    this.#writing = undefined;
  }

  /** Takes at least one entry. */
  #takeEntries(): Entry[] {
    let count = 0;
    for (let size = 0; count < this.#waiting.length; count++) {
      size += this.#waiting[count].bytes.length;
      if (count > 0 && size > WRITE_BYTES) break;
    }
    return this.#waiting.splice(0, count);
  }
}

const NEWLINE = 10;

/** The entries' bytes, preceded by this many newlines. */
function joined(entries: readonly Entry[], ends: number): Uint8Array {
  const all = new Uint8Array(ends + entries.reduce((sum, { bytes }) => sum + bytes.length, 0)).fill(NEWLINE, 0, ends);
  let at = ends;
  for (const { bytes } of entries) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

/** The entries that are not completely within the first `written` bytes. */
function unwritten(entries: readonly Entry[], written: number): Entry[] {
  let end = 0;
  return entries.filter(({ bytes }) => (end += bytes.length) > written);
}
