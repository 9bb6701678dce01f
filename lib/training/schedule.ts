/**
 * Computes the learning rate at every step of a run.
 *
 * @module
 */

import type { Schedule } from "./recipe.ts";

/**
 * The learning rate of one step.
 *
 * @param schedule The schedule.
 * @param step The step, from 0.
 * @param steps Steps in the whole run.
 */
export function rateAt(schedule: Schedule, step: number, steps: number): number {
  const { kind, rate, milestones, factor, warmup } = schedule;
  const rising = Math.round(warmup * steps);
  if (step < rising) return rate * ((step + 1) / rising);
  const rest = (step - rising) / (steps - rising);
  switch (kind) {
    case "constant":
      return rate;
    case "multistep":
      return rate * factor ** milestones.filter((share) => step >= Math.round(share * steps)).length;
    case "cosine":
      return rate * (1 + Math.cos(Math.PI * rest)) / 2;
    case "one-cycle":
      return rate * (1 - rest);
  }
}
