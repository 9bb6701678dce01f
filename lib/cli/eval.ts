/**
 * `ranet eval`: measures the accuracy and cost of models on a data set, with plots.
 *
 * @module
 */

import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import type { Dataset } from "../data/dataset.ts";
import { DATASET_DEADLINE, openDecoders } from "../data/decoder_pool.ts";
import type { Part } from "../data/parts.ts";
import { checkSameClasses } from "../data/same_classes.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { DEFAULT_BATCH_SIZE, DEFAULT_THRESHOLD } from "../executor/options.ts";
import type { Model } from "../model/model.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import { compareModels } from "../report/comparison.ts";
import { evaluate, type EvaluateOptions, evaluateShard } from "../report/evaluate.ts";
import type { Outcomes } from "../report/logits_file.ts";
import type { Shard } from "../results/shard.ts";
import { budgetCurve, confusion, exitMetrics } from "../report/metrics.ts";
import { large, percent } from "../text/numbers.ts";
import { pickMistakes, pickPictures } from "../report/pictures.ts";
import type { ModelReport } from "../report/model_report.ts";
import { required } from "./args.ts";
import { type Call, type Command, InterruptedError, type Terminal, UsageError } from "./command.ts";
import type { Progress as ProgressType } from "./progress.ts";
import {
  DATASET_FLAGS,
  DATASET_OPTIONS,
  MODEL_OPTIONS,
  type ModelOption,
  noteTrained,
  openDatasetFor,
  openExecutor,
  openModel,
} from "./run_on.ts";
import { SHARD_OPTION, shardOf } from "./shard.ts";
import { untilSignal } from "./signals.ts";
import { printable, table } from "./text.ts";
import { checkWritable, writeFiles } from "../io/write_files.ts";

type EvalOption = ModelOption | "val" | "out" | "shard" | "labels";

/** The command. */
export const evalCommand: Command<EvalOption> = {
  name: "eval",
  summary: "measure accuracy and cost on a data set, with plots and a report",
  usage: "DATASET --out DIR [options]",
  operands: [1, 1],
  description: `Runs every exit on a labelled data set. Writes DIR/report.html, results.json, CSV files and
SVG plots. Rerunning the command resumes: logits are kept in DIR/cache. Give --model several times to compare models in
the same plots.

With --shard, eval only computes logits. Merge the shards, then run the same command without --shard into the merged
folder.`,
  options: {
    ...MODEL_OPTIONS,
    val: {
      value: "DATASET",
      help: "data set for choosing thresholds; without it, the report has no budgeted curve",
    },
    out: { value: "DIR", help: "folder for the report" },
    shard: SHARD_OPTION,
    ...DATASET_OPTIONS,
  },
  flags: DATASET_FLAGS,
  examples: [
    "ranet eval cifar10-test --val cifar10-val --out report",
    "ranet eval photos --model a --model b --out report --skip-bad",
    "ranet eval photos --out part-2 --shard 2/8",
  ],
  async run(call: Call<EvalOption>, terminal: Terminal): Promise<void> {
    const out = required(call, "out");
    const names = call.values?.model ?? [DEFAULT_MODEL];
    if (names.length > 1 && call.options.weights !== undefined) {
      throw new UsageError("Cannot use --weights with several models: name directories");
    }
    const shard = shardOf(call.options);
    await checkWritable([join(out, "report.html")]);
    // All models and data sets are opened first, so that a wrong name or path is reported before the first long pass.
    const opened: Opened[] = [];
    for (const name of names) opened.push(await openAll(withModel(call, name), terminal));
    const reports: ModelReport[] = [];
    const devices = new Set<string>();
    const parts: string[] = [];
    for (const [i, { model, ...sets }] of opened.entries()) {
      const one = withModel(call, names[i]);
      using executor = await openExecutor(one, terminal, { batchSize: DEFAULT_BATCH_SIZE, together: true, model });
      if (shard) {
        parts.push(...await computeShard(executor, one, { sets, terminal, shard }));
        continue;
      }
      devices.add(executor.device.name);
      // Models made from one another have the same name.
      const isShared = opened.some(({ model: other }, k) => k !== i && other.name === model.name);
      const name = isShared && names[i] !== model.name ? `${model.name} (${names[i]})` : model.name;
      reports.push({ ...await evaluateModel(executor, one, { sets, terminal }), name });
    }
    if (shard) {
      const written = parts.map((path) => `wrote ${printable(path)}`).join("\n");
      return terminal.stdout(call.json ? JSON.stringify({ shard, written: parts }) : written);
    }
    // Plots need a large library, which no other command uses.
    const { reportFiles } = await import("../report/report.ts");
    const files = reportFiles(reports, {
      command: `ranet ${shellWords(call)}`,
      date: new Date(),
      device: [...devices].join(", "),
      versions: `RANet ${config.version}, Deno ${Deno.version.deno}`,
    });
    await writeFiles(Array.from(files, ([name, text]) => [join(out, name), new TextEncoder().encode(text)] as const));
    terminal.stdout(call.json ? files.get("results.json")!.trimEnd() : toText(reports, out));
  },
};

/** The data sets of one model. */
interface Sets {
  readonly test: Dataset;
  readonly val?: Dataset;
}

/** A model and its data sets. */
interface Opened extends Sets {
  readonly model: Model;
}

/** The same call for one of several models. */
function withModel(call: Call<EvalOption>, model: string): Call<EvalOption> {
  return { ...call, options: { ...call.options, model } };
}

async function openAll(call: Call<EvalOption>, terminal: Terminal): Promise<Opened> {
  const model = await openModel(call, terminal);
  const open = async (path: string, part: Part) => {
    const dataset = await openDatasetFor(model.spec, path, { call, terminal, part });
    await noteTrained(dataset, path, { spec: model.spec, call, terminal });
    return dataset;
  };
  const test = await open(call.operands[0], "test");
  const val = call.options.val === undefined ? undefined : await open(call.options.val, "validation");
  if (val) checkSameClasses(test, val);
  return { model, test, val };
}

async function evaluateModel(
  executor: AdaptiveExecutor,
  call: Call<EvalOption>,
  { sets, terminal }: { readonly sets: Sets; readonly terminal: Terminal },
): Promise<ModelReport> {
  const { spec, network, name } = executor.model;
  const flops = network.exits.map(({ cumulativeFlops }) => cumulativeFlops);
  const val = sets.val && await pass(executor, sets.val, call, terminal);
  const test = await pass(executor, sets.test, call, terminal);
  const budgeted = val && budgetCurve(test.outcomes, val.outcomes, flops);
  const half = flops[flops.length - 1] / 2;
  const point = budgeted?.reduce((a, b) => Math.abs(b.flops - half) < Math.abs(a.flops - half) ? b : a);
  const thresholds = point?.thresholds ?? flops.map(() => DEFAULT_THRESHOLD);
  const about = ({ dataset, outcomes }: Pass) => ({ name: dataset.name, samples: outcomes.labels.length });
  return {
    name,
    labels: spec.classes,
    dataset: about(test),
    ...(val && { validation: about(val), budgeted }),
    exits: exitMetrics(test.outcomes, flops),
    confusion: flops.map((_, exit) => confusion(test.outcomes, exit)),
    pictures: await pickPictures(test.dataset, test.outcomes, { thresholds, spec }),
    mistakes: await pickMistakes(test.dataset, test.outcomes, { thresholds, spec }),
    setting: point
      ? `With the thresholds for q = ${point.q.toFixed(2)}, whose cost is closest to half of the full network's: ` +
        `${large(point.flops)} multiply-adds per image, accuracy ${percent(point.accuracy)}.`
      : `With a confidence threshold of ${DEFAULT_THRESHOLD} at every exit.`,
  };
}

/** Computes the logits of a shard of both data sets. */
async function computeShard(
  executor: AdaptiveExecutor,
  call: Call<EvalOption>,
  { sets: { test, val }, terminal, shard }: { readonly sets: Sets; readonly terminal: Terminal; readonly shard: Shard },
): Promise<string[]> {
  const written: string[] = [];
  for (const dataset of val ? [test, val] : [test]) {
    written.push(
      await watched(dataset, call, {
        terminal,
        run: (options) => evaluateShard(executor, dataset, { ...options, shard }),
      }),
    );
  }
  return written;
}

/** The command line, so that the user can repeat it. */
function shellWords({ operands, values = {}, flags }: Call<EvalOption>): string {
  const options = Object.entries(values).flatMap(([name, all]) => all.flatMap((value) => [`--${name}`, value]));
  const words = ["eval", ...operands, ...options, ...Array.from(flags, (flag) => `--${flag}`)];
  return words.map((word) => /^[\w./:=,%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

interface Pass {
  readonly dataset: Dataset;
  readonly outcomes: Outcomes;
}

async function pass(
  executor: AdaptiveExecutor,
  dataset: Dataset,
  call: Call<EvalOption>,
  terminal: Terminal,
): Promise<Pass> {
  const run = (options: EvaluateOptions) => evaluate(executor, dataset, options);
  return { dataset, outcomes: await watched(dataset, call, { terminal, run }) };
}

/** Runs a pass with a progress bar. */
async function watched<T>(
  dataset: Dataset,
  { flags, options }: Call<EvalOption>,
  { terminal, run }: { readonly terminal: Terminal; readonly run: (options: EvaluateOptions) => Promise<T> },
): Promise<T> {
  const { Progress } = await import("./progress.ts");
  using decoders = await openDecoders(dataset.size, { deadline: DATASET_DEADLINE });
  using interrupted = untilSignal();
  const looking = new Progress(`checking ${dataset.name}:`, dataset.size);
  let progress: ProgressType | undefined;
  let before = 0;
  try {
    return await run({
      folder: join(options.out!, "cache"),
      decoders,
      onBad: flags.has("skip-bad") ? (message) => terminal.stderr(`Skipped: ${message}`) : undefined,
      onLook: () => looking.advance(1),
      onProgress: (done) => {
        looking[Symbol.dispose]();
        // Not immediately: running computations are ended in order.
        if (interrupted.signal.aborted) {
          throw new InterruptedError("Stopped. To continue, run the same command again.");
        }
        if (progress === undefined) progress = new Progress(dataset.name, dataset.size, { done });
        else progress.advance(done - before);
        before = done;
      },
    });
  } finally {
    looking[Symbol.dispose]();
    progress?.[Symbol.dispose]();
  }
}

function toText(reports: readonly ModelReport[], out: string): string {
  const rows = reports.flatMap(({ name, exits }) =>
    exits.map((e) => [
      name,
      e.exit,
      large(e.flops),
      percent(e.top1),
      percent(e.top5),
      (e.uncalibrated ? `${percent(e.uncalibrated.calibrationError)} → ` : "") + percent(e.calibrationError),
    ])
  );
  const columns = ["exit", "multiply-adds", "top-1", "top-5", "calibration error"].map((title) =>
    [title, "right"] as const
  );
  const noCurve = reports.some(({ budgeted }) => budgeted)
    ? ""
    : "\nNo budgeted curve: it needs a validation set (--val).";
  const comparison = reports.length > 1 ? `\n\n${printable(compareModels(reports))}` : "";
  return `${table([["model", "left"], ...columns], rows)}${comparison}${noCurve}

written to ${printable(join(out, "report.html"))}`;
}
