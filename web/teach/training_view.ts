/**
 * Controls and progress of training.
 *
 * @module
 */

/// <reference lib="dom" />

import { percent } from "../../lib/text/numbers.ts";
import { byId } from "../dom.ts";
import type { EpochRecord } from "../train_library.ts";
import { drawChart } from "./chart.ts";
import type { Base } from "./messages.ts";
import type { Settings } from "./store.ts";

/** Actions of the view. */
export interface TrainingActions {
  readonly train: () => void;
  readonly stop: () => void;
  readonly goOn: () => void;
  readonly change: (settings: Settings) => void;
}

/** A run in progress. */
interface Run {
  readonly device: string;
  readonly steps: number;
  readonly epochs: number;
  /** Time and step at which it started or continued. */
  since: number;
  from: number;
  step: number;
  /** Whether no step has been reported yet, so that the position is not known. */
  isNew: boolean;
}

/** Milliseconds between updates of the remaining time, because screen readers announce each. */
const PAUSE = 1000;

/** The view of training. */
export class TrainingView {
  readonly #train = byId<HTMLButtonElement>("train");
  readonly #stop = byId<HTMLButtonElement>("train-stop");
  readonly #continue = byId<HTMLButtonElement>("train-continue");
  readonly #state = byId("train-state");
  readonly #bar = byId<HTMLProgressElement>("train-bar");
  readonly #settings = byId<HTMLFieldSetElement>("train-settings");
  #records: EpochRecord[] = [];
  #run?: Run;
  #told = 0;

  /** Connects the controls. */
  constructor(actions: TrainingActions) {
    this.#train.addEventListener("click", actions.train);
    this.#stop.addEventListener("click", () => {
      this.#say("Stopping …");
      actions.stop();
    });
    this.#continue.addEventListener("click", actions.goOn);
    this.#settings.addEventListener("change", () => actions.change(this.settings));
  }

  /** The chosen settings. */
  get settings(): Settings {
    const chosen = this.#settings.querySelector<HTMLInputElement>("[name=base]:checked")!;
    return { base: chosen.value as Base, mirror: byId<HTMLInputElement>("mirror").checked };
  }

  set settings({ base, mirror }: Settings) {
    this.#settings.querySelector<HTMLInputElement>(`[value=${base}]`)!.checked = true;
    byId<HTMLInputElement>("mirror").checked = mirror;
  }

  /** Shows the idle state. `missing`: what is needed before training can start. */
  idle(missing: string | undefined, options: { readonly said?: string; readonly goesOn?: boolean } = {}): void {
    const { said, goesOn = false } = options;
    this.#run = undefined;
    this.#settings.disabled = false;
    this.#train.disabled = missing !== undefined;
    this.#train.hidden = false;
    this.#train.textContent = goesOn ? "Start over" : this.#records.length > 0 ? "Train again" : "Train";
    this.#train.classList.toggle("primary", !goesOn);
    this.#stop.hidden = true;
    this.#continue.hidden = !goesOn;
    byId("train-progress").hidden = true;
    this.#say(said ?? missing ?? "");
  }

  /** Shows that a run is being prepared. */
  begin({ goesOn }: { readonly goesOn: boolean }): void {
    if (!goesOn) this.clear();
    this.#settings.disabled = true;
    this.#train.hidden = true;
    this.#continue.hidden = true;
    this.#stop.hidden = false;
    this.#stop.focus();
    this.#bar.removeAttribute("value");
    byId("train-progress").hidden = false;
    this.#say("Preparing …");
  }

  /** Removes the charts. */
  clear(): void {
    this.#records = [];
    byId("charts").hidden = true;
  }

  /** Shows that it runs, or continues on another device. */
  start(run: Pick<Run, "device" | "steps" | "epochs">): void {
    this.#run = { ...run, since: performance.now(), from: 0, step: 0, isNew: true };
  }

  /** Shows a finished step. */
  step(step: number): void {
    const run = this.#run;
    if (!run) return;
    if (run.isNew) Object.assign(run, { isNew: false, from: step - 1 });
    run.step = step;
    this.#bar.value = step / run.steps;
    const now = performance.now();
    if (now - this.#told < PAUSE) return;
    this.#told = now;
    const seconds = (now - run.since) / 1000 * (run.steps - step) / (step - run.from);
    const epoch = Math.min(run.epochs, Math.ceil(step / run.steps * run.epochs));
    this.#say(`Epoch ${epoch} of ${run.epochs}, ${timeLeft(seconds)} left, on ${run.device}`);
  }

  /** Shows a finished epoch. */
  epoch(record: EpochRecord): void {
    // An epoch that is repeated on another device counts once.
    this.#records = [...this.#records.filter(({ epoch }) => epoch < record.epoch), record];
    const epochs = this.#run?.epochs ?? this.#records.length;
    const linesOf = (value: (record: EpochRecord, exit: number) => number) =>
      record.training.losses.map((_, exit) => this.#records.map((one) => value(one, exit)));
    const losses = linesOf(({ training }, exit) => training.losses[exit]);
    byId("charts").hidden = false;
    drawChart(byId("loss-chart"), {
      lines: losses,
      epochs,
      most: Math.max(...losses.flat(), 0.1),
      format: (value) => value.toFixed(2),
      title: "Loss on the training photos",
    });
    drawChart(byId("accuracy-chart"), {
      lines: this.#accuracies(),
      epochs,
      most: 1,
      format: (value) => percent(value).replace(/\.\d/, ""),
      title: "Accuracy on the validation photos",
    });
  }

  /** Accuracies `[exit][epoch]`. Between validations, the previous value is repeated. */
  #accuracies(): number[][] {
    const exits = this.#records[0].training.top1.length;
    return Array.from({ length: exits }, (_, exit) => {
      let last = 0;
      return this.#records.map(({ validation }) => last = validation?.top1[exit] ?? last);
    });
  }

  /** Shows a note. */
  note(message: string): void {
    this.#told = performance.now() + PAUSE;
    this.#say(message);
  }

  #say(text: string): void {
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  return `about ${Math.round(seconds / 60)} min`;
}
