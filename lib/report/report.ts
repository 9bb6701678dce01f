/**
 * The files of a report: figures as JSON and CSV, plots, and a page that shows them all.
 *
 * @module
 */

import { compareModels } from "./comparison.ts";
import { csv, escape, STYLE } from "./markup.ts";
import { accuracyPlot, confusionPlot, exitsPlot, standalone } from "./plots.ts";
import type { ClassPictures, ModelReport, Picture } from "./model_report.ts";

/** With more classes, confusion is told in the CSV alone. */
const MOST_PLOTTED = 30;

/** Makes all files of a report: name and text of each. */
export function reportFiles(models: readonly ModelReport[]): Map<string, string> {
  const curve = accuracyPlot(models);
  const files = new Map([["results.json", toJson(models)], ["accuracy.svg", standalone(curve)]]);
  const plots = models.map((model, i) => {
    const suffix = models.length > 1 ? `-${i + 1}` : "";
    const plotted = model.labels.length <= MOST_PLOTTED ? model.confusion : [];
    const confusions = plotted.map((counts, k) => confusionPlot(counts, model.labels, `exit ${k + 1}: right class, %`));
    confusions.forEach((svg, k) => files.set(`confusion${suffix}-exit-${k + 1}.svg`, standalone(svg)));
    const exits = model.budgeted && exitsPlot(model);
    if (exits) files.set(`exits${suffix}.svg`, standalone(exits));
    return { exits, confusions };
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
  files.set("report.html", page(models, curve, plots));
  return files;
}

function confusionRows(models: readonly ModelReport[]): (string | number)[][] {
  return models.flatMap(({ name, labels, confusion }) =>
    confusion.flatMap((pairs, k) =>
      pairs.map(({ right, predicted, samples }) => [name, k + 1, labels[right], labels[predicted], samples])
    )
  );
}

function thresholdText(threshold: number): string {
  return threshold === Infinity ? "never" : threshold === -Infinity ? "all" : String(threshold);
}

function toJson(models: readonly ModelReport[]): string {
  const plain = models.map(({ pictures: _, confusion: __, labels: ___, ...model }) => model);
  const replace = (_: string, value: unknown) =>
    value === Infinity || value === -Infinity ? thresholdText(value) : value;
  const comparison = models.length > 1 ? compareModels(models) : undefined;
  return `${JSON.stringify({ models: plain, comparison }, replace, 2)}\n`;
}

function page(
  models: readonly ModelReport[],
  curve: string,
  plots: readonly { readonly exits?: string; readonly confusions: readonly string[] }[],
): string {
  const sections = models.map((model, i) => section(model, plots[i])).join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Evaluation</title><style>${STYLE}</style></head><body>
<h1>Evaluation</h1>
<h2>Accuracy over budget</h2>${models.length > 1 ? `<p>${escape(compareModels(models))}</p>` : ""}
<div class="wide">${curve}</div>
${sections}
</body></html>
`;
}

function section(
  model: ModelReport,
  plots: { readonly exits?: string; readonly confusions: readonly string[] },
): string {
  const { name, dataset, validation, exits, pictures, setting } = model;
  const share = (value: number) => (100 * value).toFixed(2);
  const rows = exits.map((e) =>
    `<tr><td>${e.exit}</td><td>${(e.flops / 1e6).toFixed(2)}</td><td>${share(e.top1)}</td><td>${share(e.top5)}</td>` +
    `<td>${share(e.calibrationError)}</td></tr>`
  ).join("");
  const source = validation
    ? `thresholds from ${validation.samples} of ${escape(validation.name)}`
    : "no validation set was given (--val), so there is no budgeted curve";
  return `<h2>${escape(name)}</h2>
<p>${dataset.samples} images of ${escape(dataset.name)}; ${source}.</p>
<div class="wide"><table><thead><tr><th>exit</th><th>M multiply-adds</th><th>top-1, %</th><th>top-5, %</th>
<th>calibration error, %</th></tr></thead><tbody>${rows}</tbody></table></div>
${plots.exits ? `<h3>Where images leave</h3><div class="wide">${plots.exits}</div>` : ""}
${plots.confusions.length > 0 ? `<h3>Confusion by exit</h3><div class="grid">${plots.confusions.join("")}</div>` : ""}
<h2>Easy and hard images</h2><p>${escape(setting)}</p>
${pictures.map(classPictures).join("\n")}`;
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

function picture({ uri, predicted, right }: Picture): string {
  const name = escape(predicted);
  return `<figure${
    right ? "" : ' class="wrong"'
  }><img src="${uri}" alt="${name}"><figcaption>${name}</figcaption></figure>`;
}
