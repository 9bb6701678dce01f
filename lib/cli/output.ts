/**
 * The process's standard error and output. The program does not wait for either.
 *
 * @module
 */

import process from "node:process";
import { LineQueue } from "../io/line_queue.ts";

/** Notices, logs and progress on standard error. */
export const notices = new LineQueue(Deno.stderr);

/** Output of commands that run for long and write their results elsewhere. */
export const announcements = new LineQueue(Deno.stdout);

/** Sends the library's console messages to the same queue. */
export function divertConsole(): void {
  console.warn = console.error = (...parts: unknown[]) => notices.line(parts.map(String).join(" "));
}

/** Milliseconds for which the end of the program waits for a reader that does not read. */
const PATIENCE = 2000;

/** Resolves once everything has been written, or the reader does not read. */
export async function flushOutput(): Promise<void> {
  await Promise.all([notices, announcements].map((queue) => queue.flush(PATIENCE)));
}

/** Standard error as the stream that progress bars need. */
export const NOTICE_STREAM = {
  /** Whether it is a terminal. */
  get isTTY(): boolean {
    return process.stderr.isTTY === true;
  },
  /** Its width in characters. */
  get columns(): number {
    return process.stderr.columns;
  },
  /** Writes text. */
  write(text: string): boolean {
    notices.text(text);
    return true;
  },
};
