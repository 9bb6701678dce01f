/**
 * The progress bar of a training, on standard error.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { percent } from "../text/numbers.ts";
import type { EpochRecord, StepRecord } from "../training/records.ts";
import { duration } from "../training/training_report.ts";
import { BAR_OPTIONS } from "./progress.ts";

/** What is used of the library, which comes without types. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
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
      format: "epoch {epoch} {bar} {value}/{total}, {rate} images/s, loss {loss}{top1}, {left} left{note}",
      ...BAR_OPTIONS,
      barsize: 20,
    }, cliProgress.Presets.shades_classic);
    this.#bar.start(steps, done, { epoch: "–", rate: "–", loss: "–", top1: "", left: "–", note: "" });
  }

  /** Shows a step, and how the last epoch validated. */
  step({ step, epoch, loss, images }: StepRecord, last?: EpochRecord): void {
    const now = performance.now();
    const seconds = (now - this.#before) / 1000;
    this.#before = now;
    // The first one waits for those that are under way.
    if (step > 1) this.#secondsPerStep = (this.#secondsPerStep ?? seconds) * (1 - SMOOTHING) + seconds * SMOOTHING;
    const each = this.#secondsPerStep;
    const top1 = last?.validation?.top1;
    this.#bar.update(step, {
      epoch,
      rate: each ? (images / each).toFixed(0) : "–",
      loss: loss.toFixed(3),
      top1: top1 ? `, top-1 ${percent(top1[0])} … ${percent(top1[top1.length - 1])}` : "",
      left: each ? duration(each * (this.#steps - step)) : "–",
      note: this.#note,
    });
  }

  /** Something to show behind the bar. */
  note(text: string): void {
    this.#note = ` (${text})`;
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    this.#bar.stop();
  }
}
