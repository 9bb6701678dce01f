/**
 * `deno task bench`: compares our runners with ONNX Runtime and LiteRT.js on this machine.
 *
 * @module
 */

import { inputLength } from "../lib/network/common.ts";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AdaptiveExecutor,
  type Calibration,
  type ClassifyOptions,
  DEFAULT_MODEL,
  loadModel,
  type Model,
  RanetError,
  readCalibrations,
} from "../mod.ts";
import { bundledCalibrations } from "../lib/calibration/calibration_file.ts";
import { bundledName } from "../lib/model/model.ts";
import { parseCall } from "../lib/cli/args.ts";
import { type Call, type Command, UsageError } from "../lib/cli/command.ts";
import { commandHelp } from "../lib/cli/help.ts";
import { writeFiles } from "../lib/io/write_files.ts";
import { findAdapter } from "../lib/device/webgpu/adapter.ts";
import { type BatchResult, benchBatches } from "./batches.ts";
import { benchCeiling } from "./ceiling.ts";
import {
  type BenchPrecision,
  type Contestant,
  inPrecision,
  LARGEST_BATCH,
  OURS,
  type OwnContestant,
  PEERS,
} from "./contestants.ts";
import { benchCpu } from "./cpu.ts";
import { benchEqualAccuracy } from "./equal_accuracy.ts";
import { benchLarge } from "./large.ts";
import { describeMachine } from "./machine.ts";
import { attempt, type Effort, type Failure, isFailure } from "./measure.ts";
import { benchMemory, benchStarts } from "./processes.ts";
import { type EqualAccuracy, type Results, toMarkdown, toPlot } from "./report.ts";
import { benchSaving, type Saving } from "./saving.ts";
import { readTestImages, type TestImages } from "./test_images.ts";
import { benchTraining } from "./training.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const MEMORY_BATCH = 16;

/** How much is measured. */
interface Extent {
  readonly effort: Effort;
  /** Largest number of test images. */
  readonly images: number;
  /** Time limit of each pass over the test images, in seconds. */
  readonly passSeconds: number;
  /** Seconds of each run of the matrix product that gives the ceiling. */
  readonly ceilingSeconds: number;
  /** Number of process starts of each kind. */
  readonly starts: number;
}

const FULL: Extent = {
  effort: { rounds: 15, seconds: 3, warmup: 1.5 },
  images: Infinity,
  passSeconds: 80,
  ceilingSeconds: 0.3,
  starts: 3,
};
const QUICK: Extent = {
  effort: { rounds: 3, seconds: 1, warmup: 0.5 },
  images: 512,
  passSeconds: 5,
  ceilingSeconds: 0.1,
  starts: 1,
};
/** Contestants that compute the large network. */
const LARGE = [
  "ranet-cpu",
  "ranet-cpu-int8",
  "ort-node",
  "ort-node-int8",
  "ranet-cpu-1",
  "ranet-cpu-int8-1",
  "ort-node-1",
];
/** A peer that needs more than this share of a pass's time limit for one batch is not run on the test images. */
const MAX_BATCH_SHARE = 1 / 4;

const command: Command<"data" | "out"> = {
  name: "bench",
  summary: "compare this package with ONNX Runtime and LiteRT.js",
  usage: "[options]",
  operands: [0, 0],
  description:
    `Measures all exits of ${DEFAULT_MODEL} at several batch sizes, the time for test images at equal accuracy, the time
that early exits save, a large network, training, process starts and memory. Writes DIR/results.json, results.md and
batches.svg. A run takes about ten minutes.`,
  options: {
    data: {
      value: "DATASET",
      help: "CIFAR-10 test images, in a layout that `eval` reads; without them, this part is left out",
    },
    out: { value: "DIR", help: "folder for the results (default bench/results/ADAPTER, or CPU)" },
  },
  flags: { quick: "few repetitions, and only part of the test images", cpu: "only runners on the CPU" },
  examples: ["ranet bench --data cifar10-test", "ranet bench --quick", "ranet bench --cpu"],
  run,
};

async function run({ options, flags, json }: Call<"data" | "out">): Promise<void> {
  const quick = flags.has("quick");
  const extent = quick ? QUICK : FULL;
  const model = await loadModel(DEFAULT_MODEL);
  const adapter = flags.has("cpu") ? undefined : await findAdapter();
  const chosen = <One extends Contestant>(all: readonly One[]) =>
    flags.has("cpu") ? all.filter(({ device }) => device === "CPU") : all;
  const [ours, peers] = [chosen(OURS), chosen(PEERS)];
  const machine = describeMachine(adapter);
  const noAdapter: Failure = { failed: "no WebGPU adapter" };
  let test: TestImages | undefined;
  if (options.data !== undefined) {
    note(`reading ${options.data}`);
    test = await readTestImages(options.data, model, extent.images);
  }
  const batch = test && test.labels.length >= LARGEST_BATCH ? test.images : noise(model);

  note("all exits");
  const batches = await benchBatches(model, [...ours, ...peers], batch, extent.effort);
  note("ceiling of the adapter");
  const turns = { ...extent.effort, seconds: Infinity };
  const ceiling = adapter
    ? await attempt(() => benchCeiling(model, adapter, batch, { effort: turns, seconds: extent.ceilingSeconds }))
    : noAdapter;
  note("ceiling of the CPU");
  const cpu = await attempt(() => benchCpu(model, batch, turns));
  note("large network");
  const large = await attempt(() =>
    benchLarge([...ours, ...peers].filter(({ id }) => LARGE.includes(id)), extent.effort)
  );
  note("training");
  const training = await benchTraining(model, adapter ? ["cpu", "gpu"] : ["cpu"], batch, turns);
  note("savings");
  const calibrations = {
    float32: cheapestOfFullAccuracy(await readCalibrations(DEFAULT_MODEL)),
    int8: cheapestOfFullAccuracy(await bundledCalibrations(bundledName(DEFAULT_MODEL, "int8"))),
  };
  const savings = [];
  for (const own of ours.filter(({ id }) => !id.endsWith("-1"))) {
    const outcome = await attempt(() =>
      savingsOf(model, batch, { own, calibration: test && calibrations[own.precision], effort: turns })
    );
    savings.push({ id: own.id, outcome });
  }
  note("test images");
  const equalAccuracy = test
    ? await equalAccuracyOf(model, test, { ours, peers, calibrations, batches, seconds: extent.passSeconds })
    : { failed: "no test images; name them with --data DATASET" };
  note("process starts and memory");
  const starts = await benchStarts(extent.starts, { gpu: adapter !== undefined });
  const peaks = await benchMemory([...ours, ...peers], MEMORY_BATCH);

  const { cumulativeFlops: flops } = model.network.exits[model.network.exits.length - 1];
  const results: Results = {
    date: new Date().toISOString(),
    machine,
    quick,
    model: { name: model.name, flops },
    batches,
    ceiling,
    cpu,
    large,
    training,
    savings,
    equalAccuracy,
    starts,
    memory: { batch: MEMORY_BATCH, peaks },
  };
  const text = JSON.stringify(results, null, 2);
  const markdown = toMarkdown(results);
  const out = options.out ??
    join(
      RESULTS,
      (machine.adapter ?? machine.cpu).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replace(/-$/, ""),
    );
  const files = { "results.json": `${text}\n`, "results.md": markdown, "batches.svg": toPlot(results) };
  await writeFiles(Object.entries(files).map(([name, text]) => [join(out, name), new TextEncoder().encode(text)]));
  console.log(json ? text : `${markdown}\nwritten to ${out}`);
}

/** Prints progress to standard error. */
function note(text: string): void {
  console.error(`${new Date().toLocaleTimeString("en-GB")} ${text}`);
}

/** Deterministic pseudo-random images, if there are no test images. */
function noise(model: Model): Float32Array {
  return new Float32Array(LARGEST_BATCH * inputLength(model.spec.input)).map((_, i) => Math.sin(i * i % 10007));
}

/** The cheapest calibration that is as accurate on the validation set as the most expensive one. */
function cheapestOfFullAccuracy(calibrations: readonly Calibration[]): Calibration {
  const byCost = calibrations.toSorted((a, b) => a.expectedCost - b.expectedCost);
  const { expectedAccuracy } = byCost[byCost.length - 1];
  return byCost.find((one) => one.expectedAccuracy >= expectedAccuracy)!;
}

async function savingsOf(
  model: Model,
  images: Float32Array,
  options: { readonly own: OwnContestant; readonly calibration: Calibration | undefined; readonly effort: Effort },
): Promise<Saving[]> {
  const { own, calibration, effort } = options;
  using executor = await AdaptiveExecutor.create(await inPrecision(model, own.precision), {
    ...own.options,
    batchSize: LARGEST_BATCH,
  });
  const settings: Record<string, ClassifyOptions> = calibration
    ? { "the default threshold": {}, "full accuracy": { calibration } }
    : {};
  return await benchSaving(
    executor,
    images.subarray(0, LARGEST_BATCH * inputLength(model.spec.input)),
    settings,
    effort,
  );
}

async function equalAccuracyOf(
  model: Model,
  test: TestImages,
  options: {
    readonly ours: readonly OwnContestant[];
    readonly peers: readonly Contestant[];
    readonly calibrations: Readonly<Record<BenchPrecision, Calibration>>;
    readonly batches: readonly BatchResult[];
    readonly seconds: number;
  },
): Promise<EqualAccuracy> {
  const msPerImage = ({ id }: { id: string }) => {
    const timing = options.batches.find((one) => one.id === id)!.batches[LARGEST_BATCH];
    return isFailure(timing) ? 0 : timing.msPerImage;
  };
  const isSlow = (one: { id: string }) => msPerImage(one) * LARGEST_BATCH > 1000 * options.seconds * MAX_BATCH_SHARE;
  const peers = options.peers.filter((one) => !isSlow(one));
  const passes = await benchEqualAccuracy(model, { ours: options.ours, peers }, test, options);
  const slow = options.peers.filter(isSlow).map((one) => {
    const seconds = msPerImage(one) * test.labels.length / 1000;
    return { id: one.id, mode: "full", outcome: { failed: `not run: would take ${seconds.toFixed(0)} s` } };
  });
  return {
    dataset: test.name,
    images: test.labels.length,
    calibration: options.calibrations.float32.target,
    passes: [...passes, ...slow],
  };
}

if (import.meta.main) {
  try {
    const call = parseCall(command, Deno.args);
    if (call === "help") console.log(commandHelp(command));
    else await run(call);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RanetError)) throw error;
    console.error(error.message);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
