/**
 * `ranet classify --out`: classifies any number of images into a file of results, optionally in shards, and resumes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { makeFolder } from "../io/folders.ts";
import { classifyStream } from "../classifier/stream.ts";
import { openDecoders } from "../data/decoder_pool.ts";
import { arithmeticOf } from "../device/arithmetic.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { type ClassifyOptions, DEFAULT_BATCH_SIZE } from "../executor/options.ts";
import { imageResult } from "../executor/results.ts";
import { type ResultsHeader, ResultsWriter } from "../results/results_file.ts";
import { isInShard, type Shard, shardSize } from "../results/shard.ts";
import { digestModel } from "../weights/digest.ts";
import { BadInputs } from "./bad_inputs.ts";
import type { Terminal } from "./command.ts";
import { type InputList, openList } from "./input_lists.ts";
import { expandInputs, nameOf, type NoImages, readInput } from "./inputs.ts";
import type { PassedOver } from "./passed_over.ts";
import { printable } from "./text.ts";

/** Options for a file of results. */
export interface ClassifyFileOptions {
  /** Images, folders and patterns. */
  readonly operands: readonly string[];
  /** Lists of more images. */
  readonly lists: readonly string[];
  /** The file. */
  readonly out: string;
  /** The part of the images to process. Default: all. */
  readonly shard?: Shard;
  /** Options that decide when an image leaves. */
  readonly when: ClassifyOptions;
  /** Number of the most probable classes in a result. */
  readonly top: number;
  /** Whether to exit with 0 even if images cannot be read. */
  readonly skipBad: boolean;
  /** Whether to print JSON instead of text. */
  readonly json: boolean;
}

/** Number of results that are written at a time. */
const BATCH = 64;

/** Writes the file. */
export async function classifyToFile(
  executor: AdaptiveExecutor,
  terminal: Terminal,
  options: ClassifyFileOptions,
): Promise<void> {
  const { operands, out, shard, when, top } = options;
  await using stack = new AsyncDisposableStack();
  const lists: InputList[] = [];
  for (const path of options.lists) lists.push(stack.use(await openList(path, terminal)));
  const all = async function* (passed?: PassedOver): AsyncGenerator<string | NoImages> {
    yield* expandInputs(operands, executor.model, passed);
    for (const list of lists) yield* list.read();
  };
  const header = { ...await headerOf(executor, { when, top, inputs: await digestInputs(all()) }), shard };
  const total = shardSize(header.inputs.count, shard);
  await makeFolder(dirname(out));
  using writer = await ResultsWriter.open(out, header, { warn: terminal.stderr });
  const { Progress } = await import("./progress.ts");
  using progress = new Progress("classifying", total, { done: writer.kept });
  using decoders = await openDecoders(total, { onNote: terminal.stderr });
  const bad = new BadInputs(terminal, { skip: options.skipBad, alone: false });
  const outcomes = classifyStream(executor, own(all(bad.passed), { shard, skip: writer.kept }), {
    ...when,
    read: (input) => readInput(input, executor, { ...terminal, decoders }),
    batch: DEFAULT_BATCH_SIZE,
  });
  let results: object[] = [];
  let answered = writer.kept > 0;
  const flush = async () => {
    await writer.append(results);
    progress.advance(results.length);
    results = [];
  };
  for await (const { input, result, error } of outcomes) {
    const image = nameOf(input);
    if (error) bad.add(error);
    else answered = true;
    results.push(error ? { image, error: error.message } : imageResult(image, result, { model: executor.model, top }));
    if (results.length >= BATCH) await flush();
  }
  await flush();
  progress[Symbol.dispose]();
  terminal.stdout(
    options.json
      ? JSON.stringify({ out, images: total, earlier: writer.kept, shard })
      : `${total} results${shard ? `, shard ${shard.index} of ${shard.count},` : ""} in ${printable(out)}` +
        (writer.kept > 0 ? `, ${writer.kept} of them from before` : ""),
  );
  bad.end(answered);
}

async function headerOf(
  { model, precision, device }: AdaptiveExecutor,
  { when, top, inputs }: { when: ClassifyOptions; top: number; inputs: ResultsHeader["inputs"] },
): Promise<ResultsHeader> {
  const { spec, network } = model;
  const { threshold = 0, calibration } = when;
  const thresholds = calibration?.thresholds ?? (typeof threshold === "number" ? [threshold] : threshold);
  return {
    ranet: config.version,
    model: spec.name,
    weights: createHash("sha256").update(JSON.stringify([network.spec, await digestModel(model)])).digest("hex"),
    precision,
    arithmetic: await arithmeticOf(device),
    thresholds: thresholds.map((one) => one === Infinity ? "never" : one === -Infinity ? "all" : one),
    top,
    inputs,
  };
}

/** The number and a digest of the inputs. They are listed twice, so that only one is in memory at a time. */
async function digestInputs(inputs: AsyncIterable<string | NoImages>): Promise<ResultsHeader["inputs"]> {
  const hash = createHash("sha256");
  let count = 0;
  for await (const input of inputs) {
    hash.update(`${nameOf(input)}\n`);
    count++;
  }
  if (count === 0) throw new RanetError("Cannot classify: the lists name no images");
  return { count, digest: hash.digest("hex") };
}

/** The shard's inputs that have not been processed. */
async function* own<T>(
  inputs: AsyncIterable<T>,
  { shard, skip }: { readonly shard?: Shard; readonly skip: number },
): AsyncGenerator<T> {
  let position = 0;
  let seen = 0;
  for await (const input of inputs) {
    if (isInShard(position++, shard) && seen++ >= skip) yield input;
  }
}
