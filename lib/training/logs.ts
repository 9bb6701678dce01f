/**
 * Formats steps and epochs as CSV.
 *
 * @module
 */

import { csv } from "../text/csv.ts";
import type { EpochRecord, ExitMeans, StepRecord } from "./records.ts";

/** The header of the table of steps. */
export function stepsHeader(exits: number): string {
  return csv(["step", "rate", "loss", ...columns("loss", exits)], []);
}

/** A step's line. */
export function stepLine({ step, learningRate, loss, losses }: StepRecord): string {
  return `${[step, learningRate, loss, ...losses].join(",")}\n`;
}

/** The lines of a table of steps up to and including a step; later lines are of steps that were never saved. */
export function stepsUpTo(text: string, step: number): string {
  const [header, ...lines] = text.split("\n");
  const kept = lines.filter((line) => line !== "" && Number(line.split(",", 1)[0]) <= step);
  return [header, ...kept, ""].join("\n");
}

/** The table of epochs. */
export function epochsTable(epochs: readonly EpochRecord[], exits: number): string {
  const parts = ["training", "validation"] as const;
  const header = parts.flatMap((part) => [...columns(`${part}_loss`, exits), ...columns(`${part}_top1`, exits)]);
  return csv(
    ["epoch", "step", "rate", ...header, "seconds", "images_per_second"],
    epochs.map((epoch) => [
      epoch.epoch,
      epoch.step,
      epoch.learningRate,
      ...parts.flatMap((part) => cells(epoch[part], exits)),
      epoch.seconds,
      epoch.imagesPerSecond,
    ]),
  );
}

function cells(means: ExitMeans | undefined, exits: number): (string | number)[] {
  return means ? [...means.losses, ...means.top1] : Array.from({ length: 2 * exits }, () => "");
}

function columns(name: string, exits: number): string[] {
  return Array.from({ length: exits }, (_, k) => `${name}_exit_${k + 1}`);
}
