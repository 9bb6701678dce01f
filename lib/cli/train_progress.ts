/**
 * The progress bar of a run, on standard error.
 *
 * @module
 */

import cliProgress from "cli-progress";
import type { EpochRecord, StepRecord } from "../training/records.ts";
import { duration } from "../training/training_report.ts";
import { NOTICE_STREAM } from "./output.ts";
import { BAR_OPTIONS } from "./progress.ts";

/** The part of the library that is used; it has no types. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
}

/** Width of the bar and the space after it, in characters. */
const BAR = 11;
/** Default width of a terminal, in characters. */
const COLUMNS = 80;

/**
 * The first parts of a line, as many as fit.
 *
 * @param columns Width in characters.
 */
export function fitLine(parts: readonly string[], columns: number): string {
  return parts.filter((part) => part !== "").reduce((line, part) => {
    const longer = line === "" ? part : `${line}, ${part}`;
    return longer.length <= columns ? longer : line;
  }, "");
}

/** Weight of the newest step in the speed that is shown. */
const SMOOTHING = 0.05;

/** Epoch, speed, loss, accuracy and time left. */
export class TrainProgress implements Disposable {
  readonly #bar: Bar;
  readonly #steps: number;
  #secondsPerStep?: number;
  #before = performance.now();
  #note = "";

  /**
   * Shows the bar.
   *
   * @param steps Steps in the whole run.
   * @param done Steps taken.
   */
  constructor(steps: number, done: number) {
    this.#steps = steps;
    this.#bar = new cliProgress.SingleBar({
      format: "{bar} {text}",
      ...BAR_OPTIONS,
      barsize: BAR - 1,
    }, cliProgress.Presets.shades_classic);
    this.#bar.start(steps, done, { text: `${done}/${steps}` });
  }

  /** Shows a step, and the validation results of the last epoch. */
  step({ step, epoch, loss, images }: StepRecord, last?: EpochRecord): void {
    const now = performance.now();
    const seconds = (now - this.#before) / 1000;
    this.#before = now;
    // The first time includes waiting for steps in flight.
    if (step > 1) this.#secondsPerStep = (this.#secondsPerStep ?? seconds) * (1 - SMOOTHING) + seconds * SMOOTHING;
    const each = this.#secondsPerStep;
    const top1 = last?.validation?.top1;
    const ends = top1 ? [top1[0], top1[top1.length - 1]].map((share) => (100 * share).toFixed(1)) : [];
    const parts = [
      `epoch ${epoch}`,
      each ? `${duration(each * (this.#steps - step))} left` : "",
      `${step}/${this.#steps}`,
      `loss ${loss.toFixed(3)}`,
      ends.length > 0 ? `top-1 ${ends.join("…")} %` : "",
      each ? `${(images / each).toFixed(0)} images/s` : "",
      this.#note,
    ];
    // One less, because some terminals start a new line after a full one.
    this.#bar.update(step, { text: fitLine(parts, (NOTICE_STREAM.columns ?? COLUMNS) - BAR - 1) });
  }

  /** Shows a text after the bar. */
  note(text: string): void {
    this.#note = text;
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    this.#bar.stop();
  }
}
