/**
 * `ranet classify`: what is in images, and what it cost to tell.
 *
 * @module
 */

import { decodeImage, MAX_IMAGE_BYTES } from "../data/decode.ts";
import { toTensor } from "../data/preprocess.ts";
import { type AdaptiveExecutor, DEFAULT_CAPACITY, DEFAULT_THRESHOLD } from "../executor/executor.ts";
import { readBoundedStream, readResource } from "../model/resource.ts";
import { type ImageResult, imageResult, resultsJson } from "../executor/results.ts";
import { summarize } from "../executor/summary.ts";
import { large, percent } from "../numbers.ts";
import { classifyAnytime } from "./anytime.ts";
import { count, thresholds } from "./args.ts";
import { budgetText, readBudget } from "./budget.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { MODEL_OPTIONS, type ModelOption, openExecutor } from "./run_on.ts";
import { printable, table } from "./text.ts";

type ClassifyOption = ModelOption | "threshold" | "budget" | "calibration" | "deadline" | "top";

/** The command. */
export const classifyCommand: Command<ClassifyOption> = {
  name: "classify",
  summary: "say what is in images, and what it cost to tell",
  usage: "IMAGE… [options]",
  operands: [1, Infinity],
  description: `Classifies JPEG, PNG and WebP images of any size: files, URLs, or - for standard input. Each leaves
the network at the first exit whose confidence reaches the threshold; its cost is counted in
multiply-adds. If one image cannot be read, nothing is printed but why.`,
  options: {
    ...MODEL_OPTIONS,
    threshold: {
      value: "P",
      help:
        `confidence from 0 to 1 at which an image leaves (default ${DEFAULT_THRESHOLD}): 0 is fastest, 1 asks every\n` +
        "exit that is not fully sure; or one per exit, separated by commas",
    },
    budget: {
      value: "B",
      help: "multiply-adds an image may take on average: 25M, 1.2G; uses what ranet calibrate found",
    },
    calibration: { value: "FILE", help: "the file of ranet calibrate, if it is not beside the model" },
    deadline: { value: "MS", help: "with --anytime: milliseconds after which no further exit is begun" },
    top: { value: "N", help: "list the N most probable classes (default 1; 5 with --json)" },
  },
  flags: { anytime: "print every exit's prediction as it finishes; --budget then bounds each image" },
  examples: [
    "ranet classify examples/*.jpg",
    "ranet classify examples/*.jpg --budget 20M",
    "ranet classify photo.jpg --anytime --deadline 50",
    "ranet classify photo.jpg --threshold 0.5 --top 3",
    "curl -s https://example.com/cat.jpg | ranet classify - --json | jq -r '.[].label'",
    "ranet classify photo.png --model my-model --device cpu",
  ],
  async run(call: Call<ClassifyOption>, terminal: Terminal): Promise<void> {
    const { operands: images, options, json } = call;
    if (images.filter((image) => image === "-").length > 1) {
      throw new UsageError("Cannot read - twice: standard input is one image");
    }
    if (call.flags.has("anytime")) {
      return await classifyAnytime(call, terminal, (image, executor) => readImages([image], executor, terminal));
    }
    if (options.deadline !== undefined) throw new UsageError("Cannot use --deadline without --anytime");
    const threshold = options.threshold === undefined ? DEFAULT_THRESHOLD : thresholds(options.threshold);
    const top = options.top === undefined ? (json ? 5 : 1) : count("top", options.top);
    using executor = await openExecutor(call, terminal, { capacity: Math.min(DEFAULT_CAPACITY, images.length) });
    const budget = await readBudget(options, executor.model);
    const when = budget ? { calibration: budget.calibration } : { threshold };

    const { model } = executor;
    const results: ImageResult[] = [];
    for (let start = 0; start < images.length; start += DEFAULT_CAPACITY) {
      const batch = images.slice(start, start + DEFAULT_CAPACITY);
      const found = await executor.classify(await readImages(batch, executor, terminal), when);
      results.push(...found.map((classification, i) => imageResult(batch[i], classification, { model, top })));
    }
    if (json) return terminal.stdout(JSON.stringify(resultsJson(results, { model, budget: budget?.budget })));
    const text = asText(results, executor);
    terminal.stdout(budget ? `${text}\n${budgetText(budget, summarize(results, model.network))}` : text);
  },
};

/** One at a time: a decoded photo takes far more memory than its tensor. */
async function readImages(
  images: readonly string[],
  { model }: AdaptiveExecutor,
  { stdin }: Terminal,
): Promise<Float32Array> {
  const { input } = model.spec;
  const length = 3 * input.size ** 2;
  const tensors = new Float32Array(images.length * length);
  for (const [i, source] of images.entries()) {
    const bytes = source === "-"
      ? await readBoundedStream(stdin, {
        maxBytes: MAX_IMAGE_BYTES,
        tooLarge: `Cannot read image "-": standard input has more than ${MAX_IMAGE_BYTES} bytes`,
      })
      : await readResource(source, { maxBytes: MAX_IMAGE_BYTES });
    tensors.set(toTensor(await decodeImage(bytes, { source }), input), i * length);
  }
  return tensors;
}

function asText(results: readonly ImageResult[], { device, model }: AdaptiveExecutor): string {
  const exits = model.network.exits.length;
  const [{ fullFlops, top }] = results;
  const rows = results.map(({ image, label, confidence, exit, subnetwork, flops, top: [, ...others] }) => [
    image,
    label,
    percent(confidence),
    ...(others.length > 0 ? [others.map((other) => `${other.label} ${percent(other.confidence)}`).join(", ")] : []),
    `${exit}/${exits} (sub-network ${subnetwork})`,
    large(flops),
    percent(flops / fullFlops),
  ]);
  const average = results.reduce((sum, { flops }) => sum + flops, 0) / results.length;
  return `${
    table([
      ["image", "left"],
      ["label", "left"],
      ["confidence", "right"],
      ...(top.length > 1 ? [["then", "left"] as const] : []),
      ["exit", "left"],
      ["multiply-adds", "right"],
      ["of all", "right"],
    ], rows)
  }

${model.name} on ${printable(device.name)}: ${large(average)} multiply-adds an image, ${
    percent(average / fullFlops)
  } of the whole network`;
}
