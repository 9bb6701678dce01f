/**
 * Plots of a run: loss and accuracy of every exit, over epochs and over cost.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { AXIS, COLORS, INK, LEGEND, render } from "../report/plots.ts";
import type { EpochRecord, ExitMeans } from "./records.ts";

/** Width and height of each of two adjacent plots, in pixels. */
const [WIDTH, HEIGHT] = [460, 320];

/** Two plots, loss and accuracy over epochs. Lines are dashed for training images and solid for validation images. */
export function curvesPlot(epochs: readonly EpochRecord[]): string {
  const exits = epochs[0]?.training.losses.length ?? 0;
  const lines = (grid: number, value: (means: ExitMeans, exit: number) => number) =>
    Array.from({ length: exits }, (_, k) => {
      const line = (name: string, type: string, means: (epoch: EpochRecord) => ExitMeans | undefined) => ({
        name,
        type: "line",
        xAxisIndex: grid,
        yAxisIndex: grid,
        showSymbol: epochs.length === 1,
        color: COLORS[k % COLORS.length],
        lineStyle: { type, width: type === "solid" ? 2 : 1 },
        data: epochs.filter(means).map((epoch) => [epoch.epoch, value(means(epoch)!, k)]),
      });
      return [
        line(`exit ${k + 1}`, "solid", ({ validation }) => validation),
        line(`exit ${k + 1}`, "dashed", ({ training }) => training),
      ];
    }).flat();
  const axes = (index: number, name: string) => ({
    x: { ...AXIS, gridIndex: index, type: "value", minInterval: 1, min: 1, name: "epoch", nameGap: 28 },
    y: { ...AXIS, gridIndex: index, type: "value", scale: true, name, nameGap: 40 },
  });
  const both = [axes(0, "cross-entropy"), axes(1, "top-1 accuracy, %")];
  return render(2 * WIDTH, HEIGHT, {
    legend: { ...LEGEND, data: Array.from({ length: exits }, (_, k) => `exit ${k + 1}`) },
    title: {
      text: "solid: validation images; dashed: training images, during the epoch",
      bottom: 0,
      left: "center",
      textStyle: { color: INK, fontSize: 12, fontWeight: "normal" },
    },
    grid: [
      { left: 60, width: WIDTH - 80, top: 40, bottom: 75 },
      { left: WIDTH + 60, width: WIDTH - 80, top: 40, bottom: 75 },
    ],
    xAxis: both.map(({ x }) => x),
    yAxis: both.map(({ y }) => y),
    series: [...lines(0, ({ losses }, k) => losses[k]), ...lines(1, ({ top1 }, k) => 100 * top1[k])],
  });
}

/** Accuracy over multiply-adds: one line through the exits for each of a few epochs. */
export function costPlot(epochs: readonly EpochRecord[], { exits }: Network): string {
  const validated = epochs.filter(({ validation }) => validation);
  const shown = new Set([0, 1 / 4, 1 / 2, 1].map((share) => Math.round(share * (validated.length - 1))));
  return render(720, 360, {
    legend: LEGEND,
    grid: { left: 60, right: 20, top: 40, bottom: 55 },
    xAxis: { ...AXIS, type: "value", scale: true, name: "million multiply-adds per image", nameGap: 30 },
    yAxis: { ...AXIS, type: "value", scale: true, name: "top-1 accuracy, %", nameGap: 40 },
    series: [...shown].map((index) => validated[index]).map(({ epoch, validation }, i) => ({
      name: `after epoch ${epoch}`,
      type: "line",
      symbolSize: 7,
      color: COLORS[i % COLORS.length],
      data: exits.map(({ cumulativeFlops }, k) => [cumulativeFlops / 1e6, 100 * validation!.top1[k]]),
    })),
  });
}
