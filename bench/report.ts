/**
 * Formats results as Markdown and as a plot.
 *
 * @module
 */

import { table } from "../lib/cli/text.ts";
import { bytes, large, percent } from "../lib/text/numbers.ts";
import { AXIS, COLORS, LEGEND, render, standalone } from "../lib/report/plots.ts";
import { BATCHES, type BatchResult } from "./batches.ts";
import { type Contestant, OURS, PEERS } from "./contestants.ts";
import type { Pass } from "./equal_accuracy.ts";
import type { Ceiling } from "./ceiling.ts";
import type { CpuFigures } from "./cpu.ts";
import type { LargeResult } from "./large.ts";
import type { Machine } from "./machine.ts";
import { type Failure, isFailure } from "./measure.ts";
import type { benchMemory, Starts } from "./processes.ts";
import type { Saving } from "./saving.ts";
import type { benchTraining } from "./training.ts";

/** All measurements of a run. */
export interface Results {
  /** Date and time of the run, in ISO 8601. */
  readonly date: string;
  /** The machine. */
  readonly machine: Machine;
  /** Whether fewer runs were made than usual. */
  readonly quick: boolean;
  /** The model. */
  readonly model: { readonly name: string; readonly flops: number };
  /** All exits at several batch sizes. */
  readonly batches: readonly BatchResult[];
  /** The adapter's ceiling. */
  readonly ceiling: Ceiling | Failure;
  /** Measurements of the CPU runner. */
  readonly cpu: CpuFigures | Failure;
  /** One image on a large network. */
  readonly large: LargeResult | Failure;
  /** Training steps. */
  readonly training: Awaited<ReturnType<typeof benchTraining>>;
  /** Time that early exits save at the largest batch size, for each of our runners. */
  readonly savings: readonly { readonly id: string; readonly outcome: readonly Saving[] | Failure }[];
  /** Test images at equal accuracy. */
  readonly equalAccuracy: EqualAccuracy | Failure;
  /** Starts of a process. */
  readonly starts: Starts;
  /** Peak memory of a process for one batch. */
  readonly memory: { readonly batch: number; readonly peaks: Awaited<ReturnType<typeof benchMemory>> };
}

/** The test images, and the passes over them. */
export interface EqualAccuracy {
  /** The data set's name. */
  readonly dataset: string;
  /** Number of its images. */
  readonly images: number;
  /** The calibration's target: multiply-adds per image. */
  readonly calibration: object;
  /** The passes. */
  readonly passes: readonly Pass[];
  /** When they were run, in ISO 8601, if later than the rest: with other weights, say. */
  readonly date?: string;
}

const CONTESTANTS: readonly Contestant[] = [...OURS, ...PEERS];
const nameOf = (id: string) => CONTESTANTS.find((one) => one.id === id)!.name;

/** Three significant digits. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function cell<T extends number | object>(value: T | Failure, format: (value: T) => string): string {
  return typeof value === "object" && isFailure(value) ? value.failed.split("\n", 1)[0] : format(value);
}

/** Results as Markdown. */
export function toMarkdown(results: Results): string {
  const { machine, model, date, quick } = results;
  return `# ${model.name} on ${machine.adapter ?? machine.cpu}

${machine.cpu}, ${machine.cores} cores, ${bytes(machine.memoryBytes)} of memory, ${machine.os}; load before the run ${
    machine.load.toFixed(2)
  }. Deno ${machine.versions.deno}, ranet ${machine.versions.ranet}; ${date}.${
    quick ? " A quick run, less accurate." : ""
  }

## All exits, ms per image

${batchTable(results)}

${ratioText(results)}

${ceilingText(results)}

${cpuText(results)}

## A large network, one image, all exits

${largeText(results)}

## Training, all exits

${trainingText(results)}

## Operations and time saved by early exits, batch ${BATCHES[BATCHES.length - 1]}

${savingText(results)}

## Test images at equal accuracy

${accuracyTable(results)}

## Start and memory

${startTable(results)}
`;
}

function batchTable({ batches }: Results): string {
  const columns = BATCHES.map((batch) => [`batch ${batch}`, "right"] as const);
  return table(
    [["", "left"], ...columns, ["version", "left"]],
    batches.map(({ id, version, batches }) => [
      nameOf(id),
      ...BATCHES.map((batch) => cell(batches[batch], ({ msPerImage }) => digits(msPerImage))),
      version ?? "",
    ]),
  );
}

/** Speed of our int8, relative to the fastest of each other runtime on the same number of cores. */
function ratioText({ batches }: Results): string {
  const timesOf = (ids: readonly string[], batch: number): number[] =>
    batches.filter(({ id }) => ids.includes(id)).flatMap(({ batches: { [batch]: timing } }) =>
      isFailure(timing) ? [] : [timing.msPerImage]
    );
  const rows = [["-1", "1 thread"], ["", "all cores"]].flatMap(([suffix, cores]) =>
    BATCHES.flatMap((batch) => {
      const [own] = timesOf([`ranet-cpu-int8${suffix}`], batch);
      if (own === undefined) return [];
      const processes = suffix === "" ? ["-processes"] : [];
      const others = ["ranet-cpu", "ort-node", "ort-node-int8"].map((id) => {
        const names = [suffix, ...id.startsWith("ort") ? processes : []].map((end) => id + end);
        const best = Math.min(...timesOf(names, batch));
        return best < Infinity ? `${(best / own).toFixed(2)} ×` : "";
      });
      return [[cores, `batch ${batch}`, ...others]];
    })
  );
  return `Speed of ranet's int8 as a multiple of the others' (the fastest of each on the same number of cores):

${
    table([
      ["", "left"],
      ["", "left"],
      ["ranet, float32", "right"],
      ["onnxruntime-node, float32", "right"],
      ["onnxruntime-node, int8", "right"],
    ], rows)
  }`;
}

function ceilingText({ ceiling }: Results): string {
  if (isFailure(ceiling)) return `Ceiling of the adapter: not measured (${ceiling.failed})`;
  const { gflops, tile, size } = ceiling;
  const shares = Object.entries(ceiling.shares).map(([batch, share]) => `${percent(share)} at batch ${batch}`).join(
    ", ",
  );
  return `Ceiling of the adapter, measured with a matrix product (${size}³, ${tile}×${tile} register tiles): ${
    digits(gflops)
  } GFLOP/s, where a multiply-add counts as 2 operations. Our WebGPU runner reaches ${shares}.`;
}

function cpuText({ cpu }: Results): string {
  if (isFailure(cpu)) return `The CPU runner: not measured (${cpu.failed})`;
  const rows = cpu.throughput.map(({ threads, precision, product, network }) => [
    precision,
    String(threads),
    digits(product),
    digits(network),
    percent(network / product),
  ]);
  return `Throughput of the CPU runner in 10⁹ operations per second, compared with a matrix product in the same WebAssembly that fits the first-level cache; batch ${
    BATCHES[BATCHES.length - 1]
  }. (Operations are counted as the network defines them; in float32, Winograd's algorithm needs fewer for 3×3 convolutions.)

${table([["", "left"], ["threads", "right"], ["product", "right"], ["network", "right"], ["share", "right"]], rows)}

While such a batch is computed, a timer on the calling thread is at most ${cpu.heldMs.toFixed(1)} ms late.`;
}

function largeText({ large: result }: Results): string {
  if (isFailure(result)) return `Not measured: ${result.failed}`;
  const rows = result.times.map(({ id, ms }) => [nameOf(id), cell(ms, digits)]);
  return `${result.name}, ${large(result.flops)} multiply-adds, untrained weights.

${table([["", "left"], ["ms", "right"]], rows)}`;
}

function trainingText({ training }: Results): string {
  const rows = training.map(({ device, outcome }) =>
    isFailure(outcome) ? [device, outcome.failed.split("\n", 1)[0], "", "", "", ""] : [
      outcome.name,
      digits(outcome.forwardMs),
      digits(outcome.stepMs),
      outcome.ratio.toFixed(2),
      digits(1000 * outcome.batch / outcome.stepMs),
      bytes(outcome.bytes),
    ]
  );
  return `A training step, compared with a forward pass of the same batch (${
    BATCHES[BATCHES.length - 1]
  }) on the same device.

${
    table([
      ["", "left"],
      ["forward, ms", "right"],
      ["step, ms", "right"],
      ["ratio", "right"],
      ["images/s in training", "right"],
      ["memory", "right"],
    ], rows)
  }`;
}

function savingText({ savings }: Results): string {
  return savings.map(({ id, outcome }) =>
    `${nameOf(id)}:\n\n${isFailure(outcome) ? `Not measured: ${outcome.failed}` : savingTable(outcome)}`
  ).join("\n\n");
}

function savingTable(savings: readonly Saving[]): string {
  return table(
    [
      ["which images leave early", "left"],
      ["multiply-adds per image", "right"],
      ["ms per batch", "right"],
      ["operations saved", "right"],
      ["time saved", "right"],
      ["realised", "right"],
    ],
    savings.map(({ setting, flops, ms, flopsSaved, timeSaved, realised }) => [
      setting,
      large(flops),
      digits(ms),
      percent(flopsSaved),
      percent(timeSaved),
      realised.toFixed(2),
    ]),
  );
}

function accuracyTable({ equalAccuracy }: Results): string {
  if (isFailure(equalAccuracy)) return `Not measured: ${equalAccuracy.failed}`;
  const { dataset, images, passes, calibration, date } = equalAccuracy;
  const rows = passes.map(({ id, mode, outcome }) => [
    nameOf(id),
    mode,
    cell(outcome, ({ seconds }) => digits(seconds)),
    ...(isFailure(outcome)
      ? ["", "", ""]
      : [digits(outcome.msPerImage), percent(outcome.accuracy), outcome.images.toLocaleString("en")]),
  ]);
  return `${dataset}, ${images.toLocaleString("en")} images, batches of ${
    BATCHES[BATCHES.length - 1]
  }; ours with the bundled calibration for ${
    JSON.stringify(calibration)
  }. If not all images were measured, seconds are extrapolated to all of them.${
    date === undefined ? "" : `\nThis table was measured on ${date.slice(0, 10)}, after the rest.`
  }

${
    table([
      ["", "left"],
      ["network", "left"],
      ["seconds", "right"],
      ["ms per image", "right"],
      ["accuracy", "right"],
      ["images measured", "right"],
    ], rows)
  }`;
}

function startTable({ starts, memory }: Results): string {
  const ms = (value: number | Failure) => cell(value, (ms) => `${ms.toFixed(0)} ms`);
  return table([["", "left"], ["", "right"]], [
    ["one image from process start to answer, WebGPU, empty shader cache", ms(starts.coldCacheMs)],
    ["the same, warm shader cache", ms(starts.warmCacheMs)],
    ["the same, CPU runner", ms(starts.cpuMs)],
    ["import of mod.ts", ms(starts.importMs)],
    ...memory.peaks.map(({ id, bytes: peak }) => [
      `peak memory of a process, all exits of ${memory.batch} images, ${nameOf(id)}`,
      cell(peak, bytes),
    ]),
  ]);
}

/** An SVG plot of milliseconds per image, by contestant and batch size. */
export function toPlot({ batches, model, machine }: Results): string {
  return standalone(render(760, 420, {
    title: {
      text: `${model.name} on ${machine.adapter ?? machine.cpu}, all exits`,
      left: 10,
      textStyle: { fontSize: 14 },
    },
    legend: { ...LEGEND, top: 42 },
    grid: { left: 210, right: 50, top: 75, bottom: 50 },
    xAxis: { ...AXIS, type: "log", name: "ms per image", nameGap: 28 },
    yAxis: {
      ...AXIS,
      type: "category",
      inverse: true,
      data: batches.map(({ id }) => nameOf(id)),
      splitLine: { show: false },
    },
    series: BATCHES.map((batch, i) => ({
      name: `batch ${batch}`,
      type: "bar",
      color: COLORS[i],
      label: { show: true, position: "right", fontSize: 10 },
      data: batches.map(({ batches: { [batch]: timing } }) =>
        isFailure(timing) ? null : Number(digits(timing.msPerImage))
      ),
    })),
  }));
}
