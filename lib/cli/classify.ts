/**
 * `ranet classify`.
 *
 * @module
 */

import { decodeImage, MAX_IMAGE_BYTES } from "../data/decode.ts";
import { toTensor } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import { AdaptiveExecutor, type Classification, DEFAULT_THRESHOLD } from "../executor/executor.ts";
import { DEFAULT_MODEL, loadModel, type Model } from "../executor/model.ts";
import { readResource } from "../executor/resource.ts";
import { type Arguments, type Command, MODEL_OPTIONS, readChoice, type Terminal } from "./command.ts";
import { formatAmount, formatShare, formatTable } from "./format.ts";

/** Most images computed together. */
const BATCH = 64;

/** Classifies images. */
export const classify: Command = {
  usage: "IMAGE… [--model M] [--weights W] [--threshold P] [--device auto|gpu|cpu] [--top N]",
  summary: "Classify images; each leaves at the first exit that is confident enough.",
  options: {
    ...MODEL_OPTIONS,
    threshold: {
      value: "P",
      help: `confidence to leave at, or one per exit: 0.8,0.9,… (default ${DEFAULT_THRESHOLD})`,
    },
    top: { value: "N", help: "how many labels to list (default 1)" },
  },
  details: `An image is a JPEG, PNG or WebP file of any size, an http(s) URL, or - for standard input.
FLOPs are multiply-adds, as in the RANet paper.

  ranet classify examples/*.jpg
  ranet classify photo.jpg --threshold 0.7 --top 3 --json
  ranet classify photo.jpg --model my-model/      a directory with spec.yaml and weights.safetensors`,
  positional: [1, Infinity],
  async run({ positional, options, json }, terminal) {
    const threshold = readThreshold(options.threshold);
    const top = readTop(options.top);
    const model = await loadModel(options.model ?? DEFAULT_MODEL, { weights: options.weights });
    using executor = await createExecutor(model, options, { capacity: Math.min(BATCH, positional.length), terminal });
    const results: Classification[] = [];
    for (let start = 0; start < positional.length; start += BATCH) {
      const tensors = [];
      for (const name of positional.slice(start, start + BATCH)) tensors.push(await readImage(name, model, terminal));
      const batch = new Float32Array(tensors.length * tensors[0].length);
      tensors.forEach((tensor, i) => batch.set(tensor, i * tensor.length));
      results.push(...await executor.classify(batch, { threshold }));
    }
    terminal.out(json ? toJson(positional, results, model, top) : toText(positional, results, model, top));
  },
};

/** An executor for a command's `--device`; says so where there is no adapter. */
export async function createExecutor(
  model: Model,
  options: Arguments["options"],
  { capacity, terminal }: { capacity: number; terminal: Terminal },
): Promise<AdaptiveExecutor> {
  const device = readChoice(options.device, ["auto", "gpu", "cpu"], "device");
  const executor = await AdaptiveExecutor.create(model, { device, capacity });
  if (device === "auto" && executor.device.kind === "cpu") {
    terminal.note("note: no WebGPU adapter here, running on the CPU");
  }
  return executor;
}

async function readImage(name: string, model: Model, terminal: Terminal): Promise<Float32Array> {
  const bytes = name === "-" ? await terminal.input() : await readResource(name, { maxBytes: MAX_IMAGE_BYTES });
  return toTensor(await decodeImage(bytes, { source: name === "-" ? "standard input" : name }), model.spec.input);
}

function readThreshold(text: string | undefined): number | number[] {
  if (text === undefined) return DEFAULT_THRESHOLD;
  const thresholds = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (thresholds.some((value) => Number.isNaN(value))) {
    throw new RanetError(
      `Cannot use --threshold ${JSON.stringify(text)}: expected a number in [0, 1], or one per exit`,
    );
  }
  return thresholds.length === 1 ? thresholds[0] : thresholds;
}

function readTop(text: string | undefined): number {
  const top = Number(text ?? 1);
  if (Number.isInteger(top) && top >= 1) return top;
  throw new RanetError(`Cannot use --top ${JSON.stringify(text)}: expected a whole number of at least 1`);
}

function topClasses({ probabilities }: Classification, model: Model, top: number) {
  return Array.from(probabilities, (confidence, index) => ({ label: model.spec.classes[index], index, confidence }))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, top);
}

function fullFlops(model: Model): number {
  return model.network.exits.at(-1)!.cumulativeFlops;
}

function toJson(images: readonly string[], results: readonly Classification[], model: Model, top: number): string {
  const objects = results.map((result, i) => ({
    image: images[i],
    label: result.label,
    index: result.index,
    confidence: result.confidence,
    exit: result.exit,
    subnetwork: result.subnetwork,
    flops: result.flops,
    fullFlops: fullFlops(model),
    top: topClasses(result, model, top),
  }));
  return JSON.stringify(objects, null, 2);
}

function toText(images: readonly string[], results: readonly Classification[], model: Model, top: number): string {
  const full = fullFlops(model);
  const rows = results.map((result, i) => [
    images[i],
    topClasses(result, model, top).map(({ label, confidence }) => `${label} ${formatShare(confidence)}`).join(", "),
    `${result.exit} of ${model.network.exits.length}`,
    `${result.subnetwork}`,
    formatAmount(result.flops),
    formatShare(result.flops / full),
  ]);
  return formatTable(["image", "label", "exit", "sub-network", "FLOPs", "of the whole"], rows, 2);
}
