/**
 * The list of exits with their predictions for an image.
 *
 * @module
 */

/// <reference lib="dom" />

import { large, percent } from "../lib/text/numbers.ts";
import { make } from "./dom.ts";
import type { Answer } from "./messages.ts";

/** State of an exit for an image. */
type State = "waiting" | "passed" | "left" | "spared";

const NOTES: Readonly<Record<State, string>> = {
  waiting: "",
  passed: "below the threshold",
  left: "leaves here",
  spared: "not needed",
};

/** The list of exits. */
export class ExitList {
  readonly #rows: readonly Row[];

  /** Creates a row for each exit. `costs`: cumulative multiply-adds of each. */
  constructor(list: HTMLElement, costs: readonly number[]) {
    this.#rows = costs.map((flops, k) => makeRow(k + 1, flops));
    list.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  /**
   * Shows predictions. `left`: the exit taken, counted from 1, if it is known. `threshold`: one for all exits, or one
   * per exit.
   */
  render(
    answers: readonly Answer[],
    options: { readonly threshold: number | readonly number[]; readonly left: number | undefined },
  ): void {
    const { threshold, left = Infinity } = options;
    this.#rows.forEach(({ row, label, confidence, time, note }, k) => {
      const answer = answers.at(k);
      const exit = k + 1;
      const state: State = exit > left ? "spared" : exit === left ? "left" : answer ? "passed" : "waiting";
      const own = typeof threshold === "number" ? threshold : threshold[k];
      row.dataset.state = state;
      row.style.setProperty("--threshold", String(Math.min(Math.max(own, 0), 1)));
      row.style.setProperty("--confidence", String(answer?.confidence ?? 0));
      label.textContent = answer?.label ?? "";
      confidence.textContent = answer ? percent(answer.confidence) : "";
      time.textContent = answer ? `${answer.milliseconds.toFixed(answer.milliseconds < 10 ? 1 : 0)} ms` : "";
      note.textContent = NOTES[state];
    });
  }
}

interface Row {
  readonly row: HTMLLIElement;
  readonly label: HTMLElement;
  readonly confidence: HTMLElement;
  readonly time: HTMLElement;
  readonly note: HTMLElement;
}

function makeRow(exit: number, flops: number): Row {
  const [label, confidence, time, note] = ["label", "confidence", "time", "note"].map((name) => make("span", name));
  const bar = make("span", "bar");
  bar.ariaHidden = "true";
  const name = make("span", "exit-name", `Exit ${exit}`);
  const cost = make("span", "cost", large(flops));
  cost.title = `${flops.toLocaleString("en")} multiply-adds up to this exit`;
  return { row: make("li", "", name, label, bar, confidence, cost, time, note), label, confidence, time, note };
}
