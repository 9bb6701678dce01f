/**
 * The process's own standard error and output, neither of which the program waits for.
 *
 * @module
 */

import process from "node:process";
import { LineQueue } from "../io/line_queue.ts";

/** Notices, logs and progress: all that goes to standard error. */
export const notices = new LineQueue(Deno.stderr);

/** What a command that runs for long says on standard output: its results are elsewhere. */
export const announcements = new LineQueue(Deno.stdout);

/** Has what the library says on the console go the same way. */
export function divertConsole(): void {
  console.warn = console.error = (...parts: unknown[]) => notices.line(parts.map(String).join(" "));
}

/** Milliseconds that the program's end waits for a reader that stands still. */
const PATIENCE = 2000;

/** Resolves once all has been written, or nobody reads it. */
export async function flushOutput(): Promise<void> {
  await Promise.all([notices, announcements].map((queue) => queue.flush(PATIENCE)));
}

/** Standard error, as far as progress bars use a stream. */
export const NOTICE_STREAM = {
  /** Whether it is a terminal. */
  get isTTY(): boolean {
    return process.stderr.isTTY === true;
  },
  /** Characters in a line of it. */
  get columns(): number {
    return process.stderr.columns;
  },
  /** Writes text. */
  write(text: string): boolean {
    notices.text(text);
    return true;
  },
};
