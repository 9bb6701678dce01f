/**
 * Draws plots as SVG.
 *
 * @module
 */

// The bundle is used because the package's modules read an environment variable, which needs a permission.
import { init } from "echarts/dist/echarts.esm.min.mjs";
import { escape } from "./markup.ts";
import type { Confused, ExitMetrics, ReliabilityBin } from "./metrics.ts";
import type { ModelReport } from "./model_report.ts";

/** Placeholder for the page's text colour, replaced when the SVG is written. */
export const INK = "#010203";
/** Colours of series, in order. */
export const COLORS = ["#2f7ed8", "#e8792b", "#2ba84a", "#b64fc8", "#d43d51", "#1aa5a5", "#a08a1e", "#7d7dd8"];
/** Style of axes. */
export const AXIS = {
  nameLocation: "middle",
  nameTextStyle: { color: INK },
  axisLabel: { color: INK },
  axisLine: { lineStyle: { color: INK } },
  axisTick: { lineStyle: { color: INK } },
  splitLine: { lineStyle: { color: INK, opacity: 0.15 } },
};
/** Style of legends. */
export const LEGEND = { top: 0, textStyle: { color: INK }, inactiveColor: INK };
/** About as many labels fit along an axis. */
const MOST_LABELS = 12;
/** Height of a legend's line in pixels. */
const LEGEND_LINE = 22;

/** Plots accuracy over average cost: for each model its exits (anytime) and its budgeted curve, if there is one. */
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
  // One name per line. Long names in one line would overlap each other and the plot.
  const legend = { ...LEGEND, orient: "vertical", left: 60, itemGap: LEGEND_LINE - 14 };
  const tips = series.flatMap(({ name, data }) =>
    data.map(([x, y]) => ({ at: [x, y], text: `${name}: ${y.toFixed(2)} % at ${x.toFixed(2)} M` }))
  );
  return render(720, 400 + LEGEND_LINE * series.length, {
    legend,
    grid: { left: 60, right: 20, top: 20 + LEGEND_LINE * series.length, bottom: 55 },
    xAxis: { ...AXIS, type: "value", scale: true, name: "average million multiply-adds per image", nameGap: 30 },
    yAxis: { ...AXIS, type: "value", scale: true, name: "top-1 accuracy, %", nameGap: 40 },
    series,
  }, tips);
}

/** Plots the share of samples that leaves at each exit over the average cost of the thresholds. */
export function exitsPlot({ budgeted = [], exits }: ModelReport): string {
  const points = budgeted.toSorted((a, b) => a.flops - b.flops);
  const axis = { ...AXIS, type: "category", data: costLabels(points) };
  return render(
    720,
    360,
    {
      legend: LEGEND,
      grid: { left: 60, right: 20, top: 20 + LEGEND_LINE * Math.ceil(exits.length / 8), bottom: 55 },
      xAxis: { ...axis, name: "average million multiply-adds per image", nameGap: 30 },
      yAxis: { ...AXIS, type: "value", max: 100, name: "images, %", nameGap: 40 },
      series: exits.map(({ exit }, k) => ({
        name: `exit ${exit}`,
        type: "bar",
        stack: "exits",
        barCategoryGap: "10%",
        color: COLORS[k % COLORS.length],
        data: points.map(({ exitShare }) => 100 * exitShare[k]),
      })),
    },
    points.flatMap(({ flops, exitShare }, i) => {
      let below = 0;
      return exitShare.map((share, k) => {
        below += 100 * share;
        const text = `${(flops / 1e6).toFixed(1)} M: ${(100 * share).toFixed(1)} % leave at exit ${k + 1}`;
        return { at: [i, below - 50 * share], text };
      });
    }),
  );
}

/**
 * Costs in million multiply-adds as labels of a category axis, with as many decimals as most of them need to differ. A
 * label that is equal to the one before is empty.
 */
export function costLabels(points: readonly { readonly flops: number }[]): string[] {
  const rounded = (digits: number) => points.map(({ flops }) => (flops / 1e6).toFixed(digits));
  const wanted = Math.min(new Set(points.map(({ flops }) => flops)).size, MOST_LABELS);
  const digits = [0, 1, 2].find((digits) => new Set(rounded(digits)).size >= wanted) ?? 3;
  return rounded(digits).map((label, i, all) => label === all[i - 1] ? "" : label);
}

/** Both of the above in one picture, for a README or a slide. */
export function overviewPlot({ budgeted = [], exits, name }: ModelReport): string {
  const points = budgeted.toSorted((a, b) => a.flops - b.flops);
  const title = (text: string, left: string | number) => ({ text, left, textStyle: { color: INK, fontSize: 14 } });
  const cost = { name: "average million multiply-adds per image", nameGap: 30 };
  return render(900, 366, {
    title: [title(`${name}: accuracy over cost`, 55), title("Exits of images", 530)],
    legend: [
      { ...LEGEND, top: 32, left: 52, data: ["adaptive", "all images at one exit"] },
      { ...LEGEND, top: 32, left: 526, itemWidth: 14, itemGap: 8, data: exits.map(({ exit }) => `exit ${exit}`) },
    ],
    grid: [
      { left: 60, width: 390, top: 66, bottom: 55 },
      { left: 535, width: 345, top: 66, bottom: 55 },
    ],
    xAxis: [
      { ...AXIS, ...cost, type: "value", scale: true },
      { ...AXIS, ...cost, gridIndex: 1, type: "category", data: costLabels(points) },
    ],
    yAxis: [
      { ...AXIS, type: "value", scale: true, name: "top-1 accuracy, %", nameGap: 40 },
      { ...AXIS, gridIndex: 1, type: "value", max: 100, name: "images, %", nameGap: 40 },
    ],
    series: [
      {
        name: "adaptive",
        type: "line",
        data: points.map(({ flops, accuracy }) => [flops / 1e6, 100 * accuracy]),
        showSymbol: false,
        color: COLORS[0],
        lineStyle: { width: 3 },
      },
      {
        name: "all images at one exit",
        type: "line",
        data: exits.map(({ flops, top1 }) => [flops / 1e6, 100 * top1]),
        symbol: "rect",
        symbolSize: 8,
        color: COLORS[1],
        lineStyle: { width: 2, type: "dashed" },
      },
      ...exits.map(({ exit }, k) => ({
        name: `exit ${exit}`,
        type: "bar",
        xAxisIndex: 1,
        yAxisIndex: 1,
        stack: "exits",
        barCategoryGap: "0%",
        color: COLORS[k % COLORS.length],
        data: points.map(({ exitShare }) => 100 * exitShare[k]),
      })),
    ],
  });
}

/** Plots accuracy over confidence. For a perfectly calibrated exit it is the diagonal. */
export function reliabilityPlot({ exit, reliability = [], uncalibrated, calibrationError }: ExitMetrics): string {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const line = (name: string, bins: readonly ReliabilityBin[], style: object) => ({
    name,
    type: "line",
    symbolSize: 6,
    data: bins.map(({ confidence, accuracy }) => [100 * confidence, 100 * accuracy]),
    ...style,
  });
  const series = [
    ...(uncalibrated
      ? [line("before", uncalibrated.reliability, { color: COLORS[1], lineStyle: { type: "dashed", width: 1 } })]
      : []),
    line(uncalibrated ? "with temperature" : "confidence", reliability, { color: COLORS[0] }),
  ];
  const diagonal = {
    type: "line",
    data: [[0, 0], [100, 100]],
    symbol: "none",
    color: INK,
    lineStyle: { width: 1, opacity: 0.4 },
  };
  const axis = { ...AXIS, type: "value", min: 0, max: 100 };
  const error = uncalibrated ? `${share(uncalibrated.calibrationError)} → ` : "";
  const tips = reliability.map(({ confidence, accuracy, samples }) => ({
    at: [100 * confidence, 100 * accuracy],
    text: `${samples} images, confidence ${share(confidence)}, accuracy ${share(accuracy)}`,
  }));
  return render(360, 370, {
    title: {
      text: `exit ${exit}: calibration error ${error}${share(calibrationError)}`,
      textStyle: { color: INK, fontSize: 14, fontWeight: "normal" },
    },
    legend: { ...LEGEND, top: 36, data: series.map(({ name }) => name) },
    grid: { left: 55, right: 15, top: 66, bottom: 50 },
    xAxis: { ...axis, name: "confidence, %", nameGap: 28 },
    yAxis: { ...axis, name: "right, %", nameGap: 36 },
    series: [diagonal, ...series],
  }, tips);
}

/** Plots the confusion matrix of one exit: actual classes in rows, predicted classes in columns. */
export function confusionPlot(pairs: readonly Confused[], labels: readonly string[], title: string): string {
  const counts = labels.map(() => new Uint32Array(labels.length));
  for (const { actual, predicted, samples } of pairs) counts[actual][predicted] = samples;
  const data = counts.flatMap((row, actual) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return Array.from(row, (n, predicted) => [predicted, actual, total ? Math.round(100 * n / total) : 0]);
  });
  const axis = { ...AXIS, type: "category", data: labels, splitLine: { show: false } };
  return render(475, 455, {
    title: { text: title, textStyle: { color: INK, fontSize: 14, fontWeight: "normal" } },
    grid: { left: 95, right: 10, top: 35, bottom: 90 },
    xAxis: { ...axis, name: "predicted", nameGap: 62, axisLabel: { color: INK, rotate: 45, interval: 0 } },
    yAxis: { ...axis, name: "true", nameGap: 70, inverse: true, axisLabel: { color: INK, interval: 0 } },
    visualMap: { show: false, min: 0, max: 100, inRange: { color: ["rgba(47,126,216,0.04)", "rgba(47,126,216,0.9)"] } },
    series: [{
      type: "heatmap",
      data,
      label: { show: labels.length <= 12, color: INK, textBorderWidth: 0, fontSize: 10 },
    }],
  });
}

/** A standalone SVG: dark on white, or light on the background of GitHub's dark theme. */
export function standalone(svg: string, theme: "light" | "dark" = "light"): string {
  const style = theme === "light" ? "background:#fff;color:#222" : "background:#0d1117;color:#e6edf3";
  return svg.replace("<svg ", `<svg style="${style}" `);
}

let plots = 0;

/** A tooltip at a point of a plot. */
export interface Tip {
  /** The point, in the units of the axes. */
  readonly at: readonly number[];
  /** The text. */
  readonly text: string;
}

/** Renders an ECharts option as SVG, with tooltips that need no scripts. */
export function render(width: number, height: number, option: object, tips: readonly Tip[] = []): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ animation: false, backgroundColor: "transparent", ...option });
    const shown = tips.map(({ at, text }) => {
      const [x, y] = chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [...at]);
      return `<circle cx="${x}" cy="${y}" r="9" fill="transparent"><title>${escape(text)}</title></circle>`;
    });
    const svg: string = chart.renderToSVGString().replace(/<\/svg>\s*$/, `${shown.join("")}</svg>`);
    // Within a page, ids must be unique, and the plot must take the page's width and colour.
    return svg.replaceAll(INK, "currentColor").replaceAll("rgb(1,2,3)", "currentColor")
      .replaceAll(/zr\d+-/g, `p${plots++}-`)
      .replace(/<style\b[\s\S]*?<\/style>/g, "")
      .replace(/<svg width="(\d+)" height="(\d+)"/, '<svg width="$1" height="$2" role="img"');
  } finally {
    chart.dispose(); // otherwise its timer keeps the program alive
  }
}
