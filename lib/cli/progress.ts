/**
 * A progress bar with speed and time left, on standard error, where that is a terminal.
 *
 * @module
 */

import process from "node:process";
import cliProgress from "cli-progress";

/** What is used of the library, which comes without types. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  increment(by: number, payload: object): void;
  stop(): void;
}

/** How far a long work is, most often a pass over images. */
export class Progress implements Disposable {
  readonly #bar: Bar;
  readonly #began = performance.now();
  #done = 0;

  /**
   * Shows the bar.
   *
   * @param title What is being done.
   * @param total Number of images.
   * @param options `done`: how many were done by an earlier run. `unit`: what is counted, if not images.
   */
  constructor(title: string, total: number, options: { readonly done?: number; readonly unit?: string } = {}) {
    this.#bar = new cliProgress.SingleBar({
      format: `${title} {bar} {value}/{total} ${options.unit ?? "images"}, {rate}/s, {eta_formatted} left`,
      stream: process.stderr,
      barsize: 30,
      clearOnComplete: true,
    }, cliProgress.Presets.shades_classic);
    this.#bar.start(total, options.done ?? 0, { rate: "–" });
  }

  /** Tells what more has been done. */
  advance(count: number): void {
    this.#done += count;
    const rate = 1000 * this.#done / (performance.now() - this.#began);
    this.#bar.increment(count, { rate: rate.toFixed(rate < 10 ? 1 : 0) });
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    this.#bar.stop();
  }
}
