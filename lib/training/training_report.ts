/**
 * The report of a training run, as an HTML page.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { escape, STYLE } from "../report/markup.ts";
import { large, percent } from "../text/numbers.ts";
import { costPlot, curvesPlot } from "./curves.ts";
import type { EpochRecord } from "./records.ts";
import type { ValidationOutcomes } from "./validate.ts";

/** Number of pairs of classes that are listed. */
const LISTED_PAIRS = 10;

/** The contents of the page. */
export interface TrainingReport {
  /** The network. */
  readonly network: Network;
  /** Records of all epochs. */
  readonly epochs: readonly EpochRecord[];
  /** The results of the last validation, if there was one. */
  readonly validation?: ValidationOutcomes;
  /** Images trained on in an epoch. */
  readonly images: number;
  /** The device that it ran on. */
  readonly device: string;
  /** The recipe, as YAML. */
  readonly recipe: string;
}

/** A class and the class that was predicted instead. */
export interface ConfusedPair {
  /** The true class. */
  readonly label: string;
  /** The predicted class. */
  readonly predicted: string;
  /** Share of the class's images. */
  readonly share: number;
  /** Number of images. */
  readonly images: number;
}

/** The most frequently confused pairs of classes, by share of the true class. */
export function confusedPairs(confusion: readonly Uint32Array[], classes: readonly string[]): ConfusedPair[] {
  return confusion.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return Array.from(row, (images, predicted) => ({
      label: classes[actual],
      predicted: classes[predicted],
      share: total && images / total,
      images: predicted === actual ? 0 : images,
    }));
  }).filter(({ images }) => images > 0).sort((a, b) => b.share - a.share).slice(0, LISTED_PAIRS);
}

/** Writes the page as a self-contained file. */
export function trainingReport(report: TrainingReport): string {
  const { network, epochs, validation, images, device, recipe } = report;
  const { name, classes } = network.spec;
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const last = epochs[epochs.length - 1];
  const forward = network.exits[network.exits.length - 1].cumulativeFlops;
  const rows = network.exits.map(({ cumulativeFlops }, k) =>
    row([
      k + 1,
      large(cumulativeFlops),
      percent(last.training.top1[k]),
      validation ? percent(validation.top1[k]) : "–",
      last.training.losses[k].toFixed(3),
      validation ? validation.losses[k].toFixed(3) : "–",
    ])
  );
  const pairs = validation ? confusedPairs(validation.confusion, classes) : [];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escape(name)}: training</title><style>${STYLE}</style></head><body>
<h1>${escape(name)}: training</h1>
<p>${epochs.length} epochs of ${images} images (${last.step} steps) in ${duration(seconds)} on ${escape(device)}: about
${large(3 * forward * images)} multiply-adds an epoch, three times those of the forward pass.</p>
${table(["exit", "multiply-adds", "training top-1", "validation top-1", "training loss", "validation loss"], rows)}
<h2>Over time</h2><div class="wide">${curvesPlot(epochs)}</div>
${validation ? `<h2>Over cost</h2><div class="wide">${costPlot(epochs, network)}</div>` : ""}
${
    pairs.length === 0 ? "" : `<h2>Most confused at the last exit</h2>
${
      table(
        ["class", "predicted as", "of its validation images"],
        pairs.map(({ label, predicted, share, images }) => row([label, predicted, `${percent(share)} (${images})`])),
      )
    }`
  }
<h2>Recipe</h2><pre>${escape(recipe)}</pre>
</body></html>
`;
}

/** 3725 seconds → `1 h 2 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function row(cells: readonly (string | number)[]): string {
  return `<tr>${cells.map((cell) => `<td>${escape(String(cell))}</td>`).join("")}</tr>`;
}

function table(columns: readonly string[], rows: readonly string[]): string {
  return `<div class="wide"><table><thead><tr>${columns.map((title) => `<th>${title}</th>`).join("")}</tr></thead>
<tbody>${rows.join("")}</tbody></table></div>`;
}
