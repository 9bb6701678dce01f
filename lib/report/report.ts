/**
 * Creates the files of a report: figures as JSON and CSV, plots, and a page that shows all of them.
 *
 * @module
 */

import { compareModels } from "./comparison.ts";
import { csv } from "../text/csv.ts";
import { escape, STYLE } from "./markup.ts";
import { findingOf } from "./finding.ts";
import { accuracyPlot, confusionPlot, exitsPlot, overviewPlot, reliabilityPlot, standalone } from "./plots.ts";
import type { ClassPictures, ModelReport, Picture, ReportOrigin } from "./model_report.ts";

/** With more classes, the confusion matrix is only in the CSV. */
const MOST_PLOTTED = 30;

/** Creates all files of a report: a map from name to text. */
export function reportFiles(models: readonly ModelReport[], origin: ReportOrigin): Map<string, string> {
  const curve = accuracyPlot(models);
  const files = new Map([["results.json", toJson(models)], ["accuracy.svg", standalone(curve)]]);
  const plots = models.map((model, i) => {
    const suffix = models.length > 1 ? `-${i + 1}` : "";
    const plotted = model.labels.length <= MOST_PLOTTED ? model.confusion : [];
    const confusions = plotted.map((counts, k) =>
      confusionPlot(counts, model.labels, `exit ${k + 1}: % of each true class`)
    );
    confusions.forEach((svg, k) => files.set(`confusion${suffix}-exit-${k + 1}.svg`, standalone(svg)));
    const exits = model.budgeted && exitsPlot(model);
    if (exits) {
      files.set(`exits${suffix}.svg`, standalone(exits));
      const overview = overviewPlot(model);
      files.set(`overview${suffix}.svg`, standalone(overview));
      files.set(`overview${suffix}-dark.svg`, standalone(overview, "dark"));
    }
    const reliability = model.exits.filter((exit) => exit.reliability).map(reliabilityPlot);
    reliability.forEach((svg, k) => files.set(`reliability${suffix}-exit-${k + 1}.svg`, standalone(svg)));
    return { exits, confusions, reliability };
  });
  const rows = <T>(list: (model: ModelReport) => readonly T[]) =>
    models.flatMap((model) => list(model).map((row) => [model.name, row] as const));
  files.set(
    "exits.csv",
    csv(
      ["model", "exit", "flops", "top1", "top5", "calibration_error"],
      rows((model) => model.exits).map(([name, e]) => [name, e.exit, e.flops, e.top1, e.top5, e.calibrationError]),
    ),
  );
  files.set(
    "budgeted.csv",
    csv(
      ["model", "q", "flops", "accuracy", "validation_flops", "validation_accuracy", "thresholds", "exit_share"],
      rows((model) => model.budgeted ?? []).map(([name, p]) => [
        name,
        p.q,
        p.flops,
        p.accuracy,
        p.validationFlops,
        p.validationAccuracy,
        p.thresholds.map(thresholdText).join(" "),
        p.exitShare.join(" "),
      ]),
    ),
  );
  files.set("confusion.csv", csv(["model", "exit", "class", "predicted", "images"], confusionRows(models)));
  files.set("report.html", page(models, origin, { curve, plots }));
  return files;
}

function confusionRows(models: readonly ModelReport[]): (string | number)[][] {
  return models.flatMap(({ name, labels, confusion }) =>
    confusion.flatMap((pairs, k) =>
      pairs.map(({ actual, predicted, samples }) => [name, k + 1, labels[actual], labels[predicted], samples])
    )
  );
}

function thresholdText(threshold: number): string {
  return threshold === Infinity ? "never" : threshold === -Infinity ? "all" : String(threshold);
}

function toJson(models: readonly ModelReport[]): string {
  const plain = models.map(({ pictures: _, confusion: __, labels: ___, mistakes: ____, ...model }) => model);
  const replace = (_: string, value: unknown) =>
    value === Infinity || value === -Infinity ? thresholdText(value) : value;
  const comparison = models.length > 1 ? compareModels(models) : undefined;
  return `${JSON.stringify({ models: plain, comparison }, replace, 2)}\n`;
}

/** The plots of one model. */
interface Plots {
  readonly exits?: string;
  readonly confusions: readonly string[];
  readonly reliability: readonly string[];
}

function page(
  models: readonly ModelReport[],
  origin: ReportOrigin,
  { curve, plots }: { readonly curve: string; readonly plots: readonly Plots[] },
): string {
  const { command, date, device, versions } = origin;
  const sections = models.map((model, i) => section(model, plots[i])).join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Evaluation</title><style>${STYLE}</style></head><body>
<h1>Evaluation</h1>
${models.map((model) => `<p class="finding">${escape(findingOf(model))}</p>`).join("\n")}
<p class="origin">${date.toISOString().slice(0, 16).replace("T", " ")} UTC, on ${escape(device)}; ${
    escape(versions)
  }<br>
<code>${escape(command)}</code></p>
<h2>Accuracy over budget</h2>
<p class="term"><b>Anytime</b>: all images leave at the same exit. <b>Budgeted batch</b>: each image leaves at the first
exit whose confidence reaches its threshold, so that easy images save operations for hard ones. Each point is one set of
thresholds, determined on other images.</p>
${models.length > 1 ? `<p>${escape(compareModels(models))}</p>` : ""}
${scrolling(curve)}
${sections}
</body></html>
`;
}

/** Makes a plot scroll on narrow screens instead of becoming unreadably small. */
function scrolling(plot: string): string {
  return `<div class="wide" tabindex="0" role="group" aria-label="Plot">${plot}</div>`;
}

function section(model: ModelReport, plots: Plots): string {
  const { name, dataset, validation, exits, pictures, setting } = model;
  const share = (value: number) => (100 * value).toFixed(2);
  const rows = exits.map((e) =>
    `<tr><td>${e.exit}</td><td>${(e.flops / 1e6).toFixed(2)}</td><td>${share(e.top1)}</td><td>${share(e.top5)}</td>` +
    `<td>${e.uncalibrated ? `${share(e.uncalibrated.calibrationError)} → ` : ""}${share(e.calibrationError)}</td></tr>`
  ).join("");
  const source = validation
    ? `thresholds from ${validation.samples} of ${escape(validation.name)}`
    : "without a validation set there is no budgeted curve";
  return `<h2>${escape(name)}</h2>
<p>${dataset.samples} images of ${escape(dataset.name)}; ${source}.</p>
<div class="wide"><table><thead><tr><th>exit</th><th>M multiply-adds</th><th>top-1, %</th><th>top-5, %</th>
<th>calibration error, %</th></tr></thead><tbody>${rows}</tbody></table></div>
<p class="term"><b>Calibration error</b>: the average difference between confidence and accuracy. An arrow shows the
change by the model's temperatures, by which its logits are divided.</p>
${
    plots.exits
      ? `<h3>Where images leave</h3>
<p class="term">With these thresholds, a share proportional to q<sup>k</sup> of the validation images leaves at exit k, for q from 0.05 to 1.95. With a smaller q, images leave earlier, at less cost.</p>${
        scrolling(plots.exits)
      }`
      : ""
  }
${
    plots.reliability.length > 0
      ? `<h3>Calibration of confidence</h3>
<p class="term">Of the images with a confidence of 80 %, 80 % should be classified correctly: then the line is the diagonal.
Below it, the exit is overconfident.</p><div class="grid">${plots.reliability.map(scrolling).join("")}</div>`
      : ""
  }
<h3>Accuracy by class</h3>${classTable(model)}
${
    plots.confusions.length > 0
      ? `<h3>Confusion by exit</h3><div class="grid">${plots.confusions.map(scrolling).join("")}</div>`
      : ""
  }
${mistakes(model)}
<h2>Easy and hard images</h2><p>${escape(setting)}</p>
<div class="grid">${pictures.map(classPictures).join("\n")}</div>`;
}

/** The accuracy of each class at the first, the middle and the last exit. */
function classTable({ labels, confusion }: ModelReport): string {
  const last = confusion.length - 1;
  const shown = [...new Set([0, Math.floor(last / 2), last])];
  const rows = labels.map((label, actual) => ({
    label,
    shares: shown.map((exit) => {
      const own = confusion[exit].filter((pair) => pair.actual === actual);
      const total = own.reduce((sum, { samples }) => sum + samples, 0);
      const correct = own.find(({ predicted }) => predicted === actual)?.samples ?? 0;
      return total === 0 ? undefined : correct / total;
    }),
  })).sort((a, b) => (a.shares.at(-1) ?? 2) - (b.shares.at(-1) ?? 2));
  const cell = (share: number | undefined) => `<td>${share === undefined ? "–" : (100 * share).toFixed(1)}</td>`;
  return `<div class="wide"><table><thead><tr><th>class, worst first</th>${
    shown.map((exit) => `<th>exit ${exit + 1}, %</th>`).join("")
  }</tr></thead><tbody>${
    rows.map(({ label, shares }) => `<tr><td>${escape(label)}</td>${shares.map(cell).join("")}</tr>`).join("")
  }</tbody></table></div>`;
}

function mistakes({ mistakes = [] }: ModelReport): string {
  if (mistakes.length === 0) return "";
  const figures = mistakes.map(({ uri, predicted, label, confidence, exit }) =>
    `<figure><img src="${uri}" alt="${escape(label)}"><figcaption>${escape(label)}, predicted as <b>${
      escape(predicted)
    }</b>, ` +
    `${(100 * confidence).toFixed(1)} % confidence at exit ${exit}</figcaption></figure>`
  );
  return `<h2>The worst mistakes</h2><p class="term">The misclassified images with the highest confidence.</p>
<div class="images mistakes">${figures.join("")}</div>`;
}

function classPictures({ label, easy, hard }: ClassPictures): string {
  const images = (title: string, list: readonly Picture[]) =>
    `<div><small>${title}</small><div class="images">${
      list.map(picture).join("") || "<small>none</small>"
    }</div></div>`;
  return `<div class="class"><h3>${escape(label)}</h3>${images("left at the first exit", easy)}${
    images("needed the last exit", hard)
  }</div>`;
}

function picture({ uri, predicted, correct }: Picture): string {
  const name = escape(predicted);
  return `<figure${
    correct ? "" : ' class="wrong"'
  }><img src="${uri}" alt="${name}"><figcaption>${name}</figcaption></figure>`;
}
