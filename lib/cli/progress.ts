/**
 * How far a long work is, with speed and time left, on standard error: a bar on a terminal, elsewhere a line now and then.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { NOTICE_STREAM, notices } from "./output.ts";

/** What is used of the library, which comes without types. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  increment(by: number, payload: object): void;
  stop(): void;
}

/** What every bar has: left by Ctrl-C, the terminal is as it was, for line wrap has not been touched. */
export const BAR_OPTIONS = { stream: NOTICE_STREAM, clearOnComplete: true, linewrap: true, gracefulExit: false };

/** Milliseconds between lines, where there is no terminal. */
const BETWEEN_LINES = 10_000;

/** How far a long work is, most often a pass over images. */
export class Progress implements Disposable {
  readonly #bar: Bar | undefined;
  readonly #began = performance.now();
  readonly #line: (rate: string) => string;
  readonly #before: number;
  #told = this.#began;
  #done = 0;

  /**
   * Shows the bar.
   *
   * @param title What is being done.
   * @param total Number of images.
   * @param options `done`: how many were done by an earlier run. `unit`: what is counted, if not images.
   */
  constructor(title: string, total: number, options: { readonly done?: number; readonly unit?: string } = {}) {
    const { done = 0, unit = "images" } = options;
    this.#before = done;
    this.#line = (rate) => `${title} ${this.#before + this.#done}/${total} ${unit}, ${rate}/s`;
    if (!NOTICE_STREAM.isTTY) return;
    this.#bar = new cliProgress.SingleBar({
      ...BAR_OPTIONS,
      format: `${title} {bar} {value}/{total} ${unit}, {rate}/s, {eta_formatted} left`,
      barsize: 30,
    }, cliProgress.Presets.shades_classic) as Bar;
    this.#bar.start(total, done, { rate: "–" });
  }

  /** Tells what more has been done. */
  advance(count: number): void {
    this.#done += count;
    const now = performance.now();
    const perSecond = 1000 * this.#done / (now - this.#began);
    const rate = perSecond.toFixed(perSecond < 10 ? 1 : 0);
    this.#bar?.increment(count, { rate });
    if (this.#bar || now - this.#told < BETWEEN_LINES) return;
    this.#told = now;
    notices.line(this.#line(rate));
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}
