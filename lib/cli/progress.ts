/**
 * Shows the progress of long work on standard error, with speed and remaining time: a bar on a terminal, otherwise a
 * line every ten seconds.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { NOTICE_STREAM, notices } from "./output.ts";

/** The part of the library that is used; it has no types. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  increment(by: number, payload: object): void;
  stop(): void;
}

/** Options of every bar. Line wrap is not changed, so that the terminal is intact after Ctrl-C. */
export const BAR_OPTIONS = { stream: NOTICE_STREAM, clearOnComplete: true, linewrap: true, gracefulExit: false };

/** Milliseconds between lines if there is no terminal. */
const BETWEEN_LINES = 10_000;

/** The progress of long work, usually a pass over images. */
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
   * @param title The name of the work.
   * @param total Number of images.
   * @param options `done`: number that an earlier run has processed. `unit`: what is counted. Default: images.
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

  /** Adds to the progress. */
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

  /** Removes the bar. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}
