/**
 * Plots as SVG text.
 *
 * @module
 */

// The bundle, since the package's modules ask for an environment variable.
import { init } from "echarts/dist/echarts.esm.min.mjs";
import type { ModelReport } from "./model_report.ts";
import type { Confused } from "./metrics.ts";

/** Stands for the page's text colour until the SVG is written. */
export const INK = "#010203";
/** Colours of series, in order. */
export const COLORS = ["#2f7ed8", "#e8792b", "#2ba84a", "#b64fc8", "#d43d51", "#1aa5a5", "#a08a1e", "#7d7dd8"];
/** How axes look. */
export const AXIS = {
  nameLocation: "middle",
  nameTextStyle: { color: INK },
  axisLabel: { color: INK },
  axisLine: { lineStyle: { color: INK } },
  axisTick: { lineStyle: { color: INK } },
  splitLine: { lineStyle: { color: INK, opacity: 0.15 } },
};
/** How legends look. */
export const LEGEND = { top: 0, textStyle: { color: INK }, inactiveColor: INK };

/** Accuracy over average cost: for each model its exits (anytime), and the budgeted batches if there are any. */
export function accuracyPlot(models: readonly ModelReport[]): string {
  const series = models.flatMap(({ name, exits, budgeted }, i) => {
    const color = COLORS[i % COLORS.length];
    const line = (kind: string, data: number[][], symbol: string, type: string) => ({
      name: `${name}, ${kind}`,
      type: "line",
      data,
      symbol,
      symbolSize: symbol === "circle" ? 5 : 9,
      color,
      lineStyle: { type, width: 2 },
    });
    return [
      line("anytime", exits.map(({ flops, top1 }) => [flops / 1e6, 100 * top1]), "rect", "dashed"),
      ...(budgeted
        ? [line("budgeted batch", budgeted.map((p) => [p.flops / 1e6, 100 * p.accuracy]), "circle", "solid")]
        : []),
    ];
  });
  return render(720, 420, {
    legend: { ...LEGEND, data: series.map(({ name }) => name) },
    grid: { left: 60, right: 20, top: 30 + 25 * Math.ceil(series.length / 2), bottom: 55 },
    xAxis: { ...AXIS, type: "value", scale: true, name: "million multiply-adds per image, on average", nameGap: 30 },
    yAxis: { ...AXIS, type: "value", scale: true, name: "top-1 accuracy, %", nameGap: 40 },
    series,
  });
}

/** The share of samples that leaves at each exit, over q. */
export function exitsPlot({ budgeted = [], exits }: ModelReport): string {
  return render(720, 320, {
    legend: LEGEND,
    grid: { left: 60, right: 20, top: 40, bottom: 55 },
    xAxis: { ...AXIS, type: "category", data: budgeted.map(({ q }) => q.toFixed(2)), name: "q", nameGap: 30 },
    yAxis: { ...AXIS, type: "value", max: 100, name: "images, %", nameGap: 40 },
    series: exits.map(({ exit }, k) => ({
      name: `exit ${exit}`,
      type: "bar",
      stack: "exits",
      barCategoryGap: "10%",
      color: COLORS[k % COLORS.length],
      data: budgeted.map(({ exitShare }) => 100 * exitShare[k]),
    })),
  });
}

/** Right class down, predicted class across, for one exit. */
export function confusionPlot(pairs: readonly Confused[], labels: readonly string[], title: string): string {
  const counts = labels.map(() => new Uint32Array(labels.length));
  for (const { right, predicted, samples } of pairs) counts[right][predicted] = samples;
  const data = counts.flatMap((row, right) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return Array.from(row, (n, predicted) => [predicted, right, total ? Math.round(100 * n / total) : 0]);
  });
  const axis = { ...AXIS, type: "category", data: labels, splitLine: { show: false } };
  return render(460, 440, {
    title: { text: title, textStyle: { color: INK, fontSize: 14, fontWeight: "normal" } },
    grid: { left: 80, right: 10, top: 35, bottom: 75 },
    xAxis: { ...axis, axisLabel: { color: INK, rotate: 45, interval: 0 } },
    yAxis: { ...axis, inverse: true, axisLabel: { color: INK, interval: 0 } },
    visualMap: { show: false, min: 0, max: 100, inRange: { color: ["rgba(47,126,216,0.04)", "rgba(47,126,216,0.9)"] } },
    series: [{
      type: "heatmap",
      data,
      label: { show: labels.length <= 12, color: INK, textBorderWidth: 0, fontSize: 10 },
    }],
  });
}

/** An SVG that stands alone: dark on white. */
export function standalone(svg: string): string {
  return svg.replace("<svg ", '<svg style="background:#fff;color:#222" ');
}

let plots = 0;

/** The SVG of an ECharts option. */
export function render(width: number, height: number, option: object): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ animation: false, backgroundColor: "transparent", ...option });
    const svg: string = chart.renderToSVGString();
    // Within a page, ids must differ, and the plot must take the page's width and colour.
    return svg.replaceAll(INK, "currentColor").replaceAll("rgb(1,2,3)", "currentColor")
      .replaceAll(/zr\d+-/g, `p${plots++}-`)
      .replace(/<style\b[\s\S]*?<\/style>/g, "")
      .replace(/<svg width="(\d+)" height="(\d+)"/, '<svg width="$1" height="$2" role="img"');
  } finally {
    chart.dispose(); // else its timer keeps the program alive
  }
}
