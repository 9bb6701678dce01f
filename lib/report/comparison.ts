/**
 * Describes in words which of several models is the most accurate at which cost.
 *
 * @module
 */

import { large } from "../text/numbers.ts";
import type { ModelReport } from "./model_report.ts";

/** A range of costs per image with the same leader. */
interface Stretch {
  /** The most accurate model; `undefined` if no lead is statistically significant. */
  readonly leader: string | undefined;
  /** Whether no other model is available at this cost. */
  readonly alone: boolean;
  /** Lower end of the range. */
  readonly from: number;
  /** Largest lead in accuracy over the second-best model, in [0, 1]. */
  readonly lead: number;
  /** Cost at which the lead is largest. */
  readonly at: number;
}

/** Number of standard deviations that contain 95 % of a normal distribution. */
const DEVIATIONS = 1.96;

/**
 * Compares the accuracy of models at equal cost: on their budgeted curves if all have one, otherwise exit by exit.
 *
 * @param models At least two, evaluated on the same images.
 * @returns A sentence per range of costs, and the significance level.
 */
export function compareModels(models: readonly ModelReport[]): string {
  const isBudgeted = models.every(({ budgeted }) => budgeted);
  const curves = models.map(({ name, budgeted, exits }) => ({
    name,
    points: isBudgeted
      ? budgeted!.map(({ flops, accuracy }) => ({ flops, accuracy }))
      : exits.map(({ flops, top1 }) => ({ flops, accuracy: top1 })),
  }));
  const { samples } = models[0].dataset;
  const stretches = merge(stretchesOf(curves, samples));
  const how = isBudgeted ? "a shared budget" : "all images leaving at the same exit";
  const sentences = stretches.map((stretch, i) => inWords(stretch, stretches[i + 1]?.from));
  return `With ${how}, by multiply-adds per image: ${sentences.join("; ")}. ` +
    `Leads within chance for ${samples.toLocaleString("en")} images (95 % confidence) are not counted.`;
}

interface Curve {
  readonly name: string;
  readonly points: readonly { readonly flops: number; readonly accuracy: number }[];
}

/** One range for each cost at which some model becomes more accurate. */
function stretchesOf(curves: readonly Curve[], samples: number): Stretch[] {
  const costs = [...new Set(curves.flatMap(({ points }) => points.map(({ flops }) => flops)))].sort((a, b) => a - b);
  return costs.map((cost) => {
    const [best, next] = curves.map(({ name, points }) => ({
      name,
      accuracy: Math.max(-1, ...points.filter(({ flops }) => flops <= cost).map(({ accuracy }) => accuracy)),
    })).sort((a, b) => b.accuracy - a.accuracy);
    const alone = next.accuracy < 0;
    const lead = alone ? 0 : best.accuracy - next.accuracy;
    const isAhead = alone || isSignificant(best.accuracy, next.accuracy, samples);
    return { leader: isAhead ? best.name : undefined, alone, from: cost, lead, at: cost };
  });
}

/**
 * Adds one correct and one wrong image to each sample (Agresti and Caffo, "Simple and Effective Confidence Intervals",
 * 2000).
 */
function isSignificant(better: number, worse: number, samples: number): boolean {
  const [a, b] = [better, worse].map((accuracy) => (accuracy * samples + 1) / (samples + 2));
  return a - b > DEVIATIONS * Math.sqrt((a * (1 - a) + b * (1 - b)) / (samples + 2));
}

function merge(stretches: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const stretch of stretches) {
    const last = merged.at(-1);
    if (last?.leader !== stretch.leader || last?.alone !== stretch.alone) merged.push(stretch);
    else if (stretch.lead > last!.lead) merged[merged.length - 1] = { ...last!, lead: stretch.lead, at: stretch.at };
  }
  return merged;
}

function inWords({ leader, alone, from, lead, at }: Stretch, to: number | undefined): string {
  const where = to === undefined ? `from ${large(from)} on` : `from ${large(from)} to ${large(to)}`;
  if (leader === undefined) return `${where} none is clearly ahead`;
  if (alone) return `${where} only ${leader} is available`;
  return `${where} ${leader} is ahead, by up to ${(100 * lead).toFixed(1)} points (at ${large(at)})`;
}
