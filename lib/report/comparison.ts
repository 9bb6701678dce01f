/**
 * Which of several models is ahead at which cost, in words.
 *
 * @module
 */

import { large } from "../text/numbers.ts";
import type { ModelReport } from "./model_report.ts";

/** What a cost per image can buy. */
interface Stretch {
  /** The model that is ahead; `undefined` where none is by more than chance would explain. */
  readonly leader: string | undefined;
  /** Whether no other model answers at this cost. */
  readonly alone: boolean;
  /** From this cost on. */
  readonly from: number;
  /** Largest lead over the next best model, in [0, 1]. */
  readonly lead: number;
  /** The cost at which the lead is that large. */
  readonly at: number;
}

/** Standard deviations that contain 95 % of a normal distribution. */
const DEVIATIONS = 1.96;

/**
 * Compares models by what they reach at equal cost: on their budgeted curves if all have one, else exit by exit.
 *
 * @param models At least two, evaluated on the same images.
 * @returns A sentence per stretch of costs, and what chance could explain.
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
  const how = isBudgeted ? "a shared budget" : "each image stopped at the same exit";
  const sentences = stretches.map((stretch, i) => inWords(stretch, stretches[i + 1]?.from));
  return `With ${how}, by multiply-adds per image: ${sentences.join("; ")}. ` +
    `A lead that ${samples.toLocaleString("en")} images could show by chance (95 %) is not counted.`;
}

interface Curve {
  readonly name: string;
  readonly points: readonly { readonly flops: number; readonly accuracy: number }[];
}

/** One for each cost at which some model can do more than for less. */
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
 * With one right and one wrong image more for each (Agresti and Caffo, "Simple and Effective Confidence Intervals",
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
  if (alone) return `${where} only ${leader} answers`;
  return `${where} ${leader} is ahead, by up to ${(100 * lead).toFixed(1)} points (at ${large(at)})`;
}
