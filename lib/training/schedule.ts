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
export function learningRateAt(schedule: Schedule, step: number, steps: number): number {
  const { kind, learningRate, milestones, factor, warmup } = schedule;
  const rising = Math.round(warmup * steps);
  if (step < rising) return learningRate * ((step + 1) / rising);
  const rest = (step - rising) / (steps - rising);
  switch (kind) {
    case "constant":
      return learningRate;
    case "multistep":
      return learningRate * factor ** milestones.filter((share) => step >= Math.round(share * steps)).length;
    case "cosine":
      return learningRate * (1 + Math.cos(Math.PI * rest)) / 2;
    case "one-cycle":
      return learningRate * (1 - rest);
  }
}
