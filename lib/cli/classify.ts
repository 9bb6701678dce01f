/**
 * `ranet classify`: classifies images, and reports their cost.
 *
 * @module
 */

import { classifyStream } from "../classifier/stream.ts";
import { openDecoders } from "../data/decoder_pool.ts";
import { DEFAULT_BATCH_SIZE, DEFAULT_THRESHOLD } from "../executor/options.ts";
import { imageResult } from "../executor/results.ts";
import { summarizeExits } from "../executor/summary.ts";
import type { Model } from "../model/model.ts";
import { classifyAnytime } from "./anytime.ts";
import { count, thresholds } from "./args.ts";
import { BadInputs } from "./bad_inputs.ts";
import { readBudget } from "./budget.ts";
import { classifyToFile } from "./classify_file.ts";
import { csvWriter, jsonWriter, tableWriter } from "./classify_output.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { countInputs, expandInputs, firstInputs, nameOf, readInput, STDIN } from "./inputs.ts";
import type { Progress } from "./progress.ts";
import { MODEL_OPTIONS, type ModelOption, openExecutor, openModel } from "./run_on.ts";
import { SHARD_OPTION, shardOf } from "./shard.ts";

type ClassifyOption =
  | ModelOption
  | "threshold"
  | "budget"
  | "calibration"
  | "deadline"
  | "top"
  | "out"
  | "from"
  | "shard";

/** Names of files in formats that `--out` does not write. */
const OTHER_TABLE = /\.(csv|tsv|parquet|xlsx?|html?|md|gz|bz2|xz|zst|zip)$/i;

/** The command. */
export const classifyCommand: Command<ClassifyOption> = {
  name: "classify",
  summary: "classify images, and report what each one cost",
  usage: "IMAGE… [options]",
  operands: [0, Infinity],
  description:
    `Classifies JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm images of any size: files, URLs, folders with all their images,
patterns such as 'photos/**/*.jpg', or - for standard input. An image leaves the network at the first exit whose
confidence reaches the threshold; its cost is counted in multiply-adds. Rows are printed as they are computed. Files that
cannot be read are reported on standard error; the exit code is then 1.

--out writes results to a file of JSON lines with a header, for any number of images. Rerunning the command resumes.
--shard divides the work among processes; ranet merge combines the results.`,
  options: {
    ...MODEL_OPTIONS,
    threshold: {
      value: "P",
      help: `confidence from 0 to 1 at which an image leaves (default ${DEFAULT_THRESHOLD}): 0 is fastest, 1 is most ` +
        "accurate; or one value per exit, separated by commas",
    },
    budget: {
      value: "B",
      help: "multiply-adds per image, on average: 25M, 1.2G; uses the thresholds of ranet calibrate",
    },
    calibration: { value: "FILE", help: "the file that ranet calibrate wrote, if it is not beside the model" },
    deadline: { value: "MS", help: "with --anytime: milliseconds after which no further exit is started" },
    top: { value: "N", help: "list the N most probable classes (default 1; 5 with --json and --out)" },
    out: { value: "FILE", help: "write results to this file; resume if it exists" },
    from: {
      value: "LIST",
      help: "with --out: a file of paths and URLs, one per line or in the first column of a CSV; - is standard input",
    },
    shard: SHARD_OPTION,
  },
  flags: {
    anytime: "print the prediction of every exit as it is computed; --budget then limits each image",
    csv: "print CSV",
    "skip-bad": "exit with 0 even if some images cannot be read",
  },
  examples: [
    "ranet classify examples/*.jpg",
    "ranet classify photos --budget 20M --csv > labels.csv",
    "ranet classify photo.jpg --anytime --deadline 50",
    "ranet classify photo.jpg --threshold 0.5 --top 3",
    "curl -s https://example.com/cat.jpg | ranet classify - --json | jq -r '.[].label'",
    "ranet classify photo.png --model my-model --device cpu",
    "ranet classify photos --out part-2.jsonl --shard 2/8 --skip-bad",
  ],
  async run(call: Call<ClassifyOption>, terminal: Terminal): Promise<void> {
    const { operands, options, json, flags } = call;
    if (options.out !== undefined) return await toFile(call, terminal);
    for (const name of ["from", "shard"] as const) {
      if (options[name] !== undefined) throw new UsageError(`Cannot use --${name} without --out`);
    }
    if (operands.length === 0) throw new UsageError("Cannot run classify: nothing given, expected IMAGE…");
    if (operands.filter((operand) => operand === STDIN).length > 1) {
      throw new UsageError("Cannot read - twice: standard input is one image");
    }
    if (json && flags.has("csv")) throw new UsageError("Cannot use --csv together with --json");
    if (flags.has("anytime")) {
      if (flags.has("csv")) throw new UsageError("Cannot use --csv together with --anytime");
      return await classifyAnytime(call, terminal);
    }
    if (options.deadline !== undefined) throw new UsageError("Cannot use --deadline without --anytime");
    const threshold = options.threshold === undefined ? DEFAULT_THRESHOLD : thresholds(options.threshold);
    const top = options.top === undefined ? (json ? 5 : 1) : count("top", options.top);
    const model = await openModel(call, terminal);
    const first = await firstInputs(operands, model, DEFAULT_BATCH_SIZE);
    using executor = await openExecutor(call, terminal, { model, batchSize: Math.max(1, first.length) });
    const budget = await readBudget(options, executor.model);
    const output = { executor, budget, top, longest: Math.max(...first.map(({ length }) => length)) };
    const writer = json
      ? jsonWriter(terminal, output)
      : flags.has("csv")
      ? csvWriter(terminal, output)
      : tableWriter(terminal, output);

    const bad = new BadInputs(terminal, { skip: flags.has("skip-bad"), alone: first.length === 1 });
    using decoders = await openDecoders(first.length, { onNote: terminal.stderr });
    const counts = executor.model.network.exits.map(() => 0);
    const outcomes = classifyStream(executor, expandInputs(operands, model, bad.passed), {
      ...(budget ? { calibration: budget.calibration } : { threshold }),
      read: (input) => readInput(input, executor, { ...terminal, decoders }),
      batch: DEFAULT_BATCH_SIZE,
    });
    // On a terminal, the rows themselves show the progress.
    using progress = terminal.columns === undefined ? await progressOf(operands, model) : undefined;
    for await (const { input, result, error } of outcomes) {
      progress?.advance(1);
      const image = nameOf(input);
      if (error) {
        bad.add(error);
        writer.bad(image, error.message);
      } else {
        counts[result.exit - 1]++;
        writer.add(imageResult(image, result, { model: executor.model, top }));
      }
    }
    const answered = counts.some((count) => count > 0);
    writer.end(answered ? summarizeExits(counts, executor.model.network) : undefined);
    bad.end(answered);
  },
};

async function toFile(call: Call<ClassifyOption>, terminal: Terminal): Promise<void> {
  const { operands, options, json, flags } = call;
  for (const name of ["csv", "anytime"]) {
    if (flags.has(name)) throw new UsageError(`Cannot use --${name} together with --out`);
  }
  const lists = call.values?.from ?? [];
  if (operands.length === 0 && lists.length === 0) {
    throw new UsageError("Cannot run classify: nothing given, expected IMAGE… or --from LIST");
  }
  if (options.out === STDIN || /[/\\]$/.test(options.out!)) {
    throw new UsageError(
      `Cannot write results to ${
        JSON.stringify(options.out)
      }: expected the name of a file. Without --out, --json prints them`,
    );
  }
  if (OTHER_TABLE.test(options.out!)) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(options.out)}: --out writes JSON lines. Use the extension .jsonl, or --csv > FILE`,
    );
  }
  if (operands.includes(STDIN)) throw new UsageError("Cannot use - with --out: expected --from - for a list");
  const shard = shardOf(options);
  const threshold = options.threshold === undefined ? DEFAULT_THRESHOLD : thresholds(options.threshold);
  using executor = await openExecutor(call, terminal, { batchSize: DEFAULT_BATCH_SIZE, together: true });
  const budget = await readBudget(options, executor.model);
  await classifyToFile(executor, terminal, {
    operands,
    lists,
    out: options.out!,
    shard,
    when: budget ? { calibration: budget.calibration } : { threshold },
    top: options.top === undefined ? 5 : count("top", options.top),
    skipBad: flags.has("skip-bad"),
    json,
  });
}

async function progressOf(operands: readonly string[], model: Model): Promise<Progress> {
  const { Progress } = await import("./progress.ts");
  return new Progress("classifying", await countInputs(operands, model));
}
