/**
 * Summarises an evaluation in a sentence.
 *
 * @module
 */

import { large, percent } from "../text/numbers.ts";
import type { ModelReport } from "./model_report.ts";

/**
 * The benefit of early exits: the cheapest thresholds that are as accurate as the full network, or, if there are none,
 * those at about half of its cost. Without a validation set: the cheapest exit within one point of the last.
 */
export function findingOf({ name, dataset, exits, budgeted }: ModelReport): string {
  const whole = exits[exits.length - 1];
  const on = `On ${dataset.samples} images of ${dataset.name}, ${name}`;
  const wholeText = `the full network reaches ${percent(whole.top1)} at ${large(whole.flops)}`;
  if (!budgeted || budgeted.length === 0) {
    const near = exits.find(({ top1 }) => top1 >= whole.top1 - 0.01)!;
    if (near === whole) return `${on} reaches ${percent(whole.top1)} at ${large(whole.flops)} multiply-adds per image.`;
    return `${on} reaches ${percent(near.top1)} at exit ${near.exit} for ${
      large(near.flops)
    } multiply-adds per image; ` +
      `${wholeText}.`;
  }
  const cheapestFirst = budgeted.toSorted((a, b) => a.flops - b.flops);
  const half = (point: { readonly flops: number }) => Math.abs(point.flops - whole.flops / 2);
  const found = cheapestFirst.find(({ accuracy }) => accuracy >= whole.top1) ??
    cheapestFirst.reduce((a, b) => half(b) < half(a) ? b : a);
  return `${on} reaches ${percent(found.accuracy)} at ${large(found.flops)} multiply-adds per image; ${wholeText}.`;
}
